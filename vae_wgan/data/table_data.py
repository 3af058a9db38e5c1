"""Rows of a run on a table: training, calibration, test and anomalies. No TensorFlow."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tools.data.example_set import ExampleSet, choose_rows
from tools.data.tables.table_columns import seconds
from tools.data.tables.table_encoder import TableEncoder
from tools.data.tables.table_splits import (
    TableSplit,
    split_apart,
    split_balanced,
    split_semi,
    split_time,
    split_unlabelled,
)
from tools.errors import InputError
from tools.run.run_folder import CALIBRATION
from tools.run.seeds import child_seed
from tools.scores.simple.feature_spaces import columns_of
from tools.scores.simple.simple_ensemble import SimpleEnsemble, scores_without_own_fold
from vae_wgan.data.image_data import ExperimentData
from vae_wgan.data.table_rows import NOISES, TableDataSettings, TableRows, load_rows

MONITORED_ROWS = 1000
NOISE_ROWS = 1000
PROTOCOL_WORDS = {
    "semi": "semi: half of the normal rows train, of which a tenth is kept for calibration; the"
    " others and all anomalies are tested",
    "time": "time: the normal rows of the first half of the days train, of which a tenth is kept"
    " for calibration; all rows of the later days are tested",
    "balanced": "balanced: as many normal rows as anomalies are tested; the other normal rows"
    " train, of which a tenth is kept for calibration",
    "apart": "the normal rows of --train_dataset train, of which a tenth is kept for calibration;"
    " the rows of --test_dataset are tested",
    "unlabelled": "no labels: all rows train but a tenth, kept for calibration, and all are"
    " scored; simple detectors score a training row by fits without it",
}


@dataclass(frozen=True, kw_only=True)
class TableData(ExperimentData):
    """All rows of a run, encoded, with a description of the split.

    Attributes:
        encoder: Encoder of a table's rows as features.
        anomalies: Names of the sets of labelled anomalies; empty if there are no labels.
        protocol: Description and sizes of the split, by heading, for the manifest and the preview.
        notes: Lines on what was inferred about the file's format.
        questions: What the user may know better, a sentence each.
        copies: Rows of a second table that equal training rows: columns row and training_row.
    """

    encoder: TableEncoder
    anomalies: tuple[str, ...]
    protocol: dict[str, str | int]
    notes: Sequence[str]
    questions: Sequence[str] = ()
    copies: pd.DataFrame | None = None

    @property
    def preview(self) -> str:
        """Text that shows the inferred columns and the split of the rows before training."""
        counts = "".join(f"  {name}: {value}\n" for name, value in self.protocol.items())
        n_features = len(self.encoder.features)
        notes = "".join(f"  {note}\n" for note in self.notes)
        return f"{self.test.name}: {n_features} features\n{notes}{self.encoder.preview}{counts}"


def load_table_data(settings: TableDataSettings) -> TableData:
    """Loads, splits and encodes the table, so that errors show before training.

    Raises:
        InputError: The table is unavailable or damaged, a column that a flag names is missing, a
            value is unsuitable, or there are too few rows.
    """
    rows = load_rows(settings)
    try:
        return _split_and_encode(rows, settings)
    except InputError as error:
        raise InputError(f"--train_dataset={settings.train_dataset}: {error}") from error


def _split_and_encode(rows: TableRows, settings: TableDataSettings) -> TableData:
    name, split, copies = _split(rows, settings)
    if settings.contamination:
        split, trimmed = _trimmed(rows, split, settings)
    encoder = rows.fit_encoder(split.training)
    examples = encoder.encode(rows.frame)

    def part(name: str, numbers: np.ndarray) -> ExampleSet:
        is_second = bool(rows.second_checksum) and len(numbers) and numbers[0] >= rows.n_first
        ids = numbers - rows.n_first if is_second else numbers
        checksum = rows.second_checksum if is_second else rows.table.checksum
        return ExampleSet(name, examples[numbers], ids, checksum)

    training, test = part(rows.table.name, split.training), part(rows.table.name, split.test)
    calibration, anomalies = part(CALIBRATION, split.calibration), rows.roles.anomalies
    ood = [part(anomalies, split.anomalies)] if len(split.anomalies) else []
    labelled = tuple(example_set.name for example_set in ood)
    if rows.has_labels:
        ood += _noises(training, settings.seed)
    protocol = _protocol(name, split, rows)
    if settings.contamination:
        protocol["rows trimmed by --contamination"] = trimmed
    if copies is not None:
        what = "left out" if settings.drop_copies else "--drop_copies leaves them out"
        protocol["test rows that equal training rows"] = f"{len(copies):,} ({what})"
    questions = rows.questions(encoder)
    if questions:
        protocol["please check"] = "; ".join(questions)
    return TableData(
        training=training,
        calibration=_chosen(calibration, settings),
        monitored=calibration.examples[:MONITORED_ROWS],
        test=_chosen(test, settings),
        ood=tuple(_chosen(example_set, settings) for example_set in ood),
        missing={},
        encoder=encoder,
        anomalies=labelled,
        protocol=protocol,
        notes=rows.table.notes,
        questions=questions,
        copies=copies,
    )


def _split(
    rows: TableRows, settings: TableDataSettings
) -> tuple[str, TableSplit, pd.DataFrame | None]:
    """The split, its name in PROTOCOL_WORDS, and copies of training rows in a second table."""
    rng = np.random.default_rng(child_seed(settings.seed, "table split"))
    is_normal = rows.is_normal
    if rows.second_checksum:
        split = split_apart(is_normal, rows.is_second, rng)
        copies = _copies(split, rows)
        if settings.drop_copies:
            kept = [np.setdiff1d(part, copies["row"]) for part in (split.test, split.anomalies)]
            split = split._replace(test=kept[0], anomalies=kept[1])
        return "apart", split, copies.assign(row=copies["row"] - rows.n_first)
    if settings.protocol == "time":
        if not rows.roles.time_column:
            raise InputError("--protocol=time needs --time_column")
        times = seconds(rows.frame[rows.roles.time_column])
        return "time", split_time(is_normal, rows.groups(), rng, times), None
    if settings.protocol == "semi" and not rows.has_labels:
        return "unlabelled", split_unlabelled(len(rows.frame), rng), None
    by_name = {"semi": split_semi, "balanced": split_balanced}
    return settings.protocol, by_name[settings.protocol](is_normal, rows.groups(), rng), None


def _copies(split: TableSplit, rows: TableRows) -> pd.DataFrame:
    """Numbers of test rows that equal training rows, and of the first such row each."""
    groups = rows.groups()
    known, first = np.unique(groups[split.training], return_index=True)
    tested = np.sort(np.concatenate([split.test, split.anomalies]))
    copies = tested[np.isin(groups[tested], known)]
    originals = split.training[first[np.searchsorted(known, groups[copies])]]
    return pd.DataFrame({"row": copies, "training_row": originals})


def _trimmed(
    rows: TableRows, split: TableSplit, settings: TableDataSettings
) -> tuple[TableSplit, int]:
    """The split without the most anomalous training rows, and calibration rows that are like them.

    They are found by the simple detectors, each row by fits without it; a second time without
    those found first, since anomalies that learn hide one another.
    """
    encoder = rows.fit_encoder(split.training)
    training, calibration = (
        encoder.encode(rows.frame.iloc[part]) for part in (split.training, split.calibration)
    )
    columns, seed = columns_of(encoder), child_seed(settings.seed, "contamination")
    is_kept, share = np.ones(len(training), bool), 1 - settings.contamination
    scores = np.empty(len(training))
    for _ in range(2):
        ensemble = SimpleEnsemble.fit(training[is_kept], columns, seed)
        scores[~is_kept] = ensemble.scores(training[~is_kept])
        scores[is_kept] = scores_without_own_fold(training[is_kept], columns, seed)
        highest = np.quantile(scores, share)
        is_kept = scores <= highest
    others = ensemble.scores(calibration)
    kept = split.training[is_kept]
    calibrating = split.calibration[others <= highest]
    count = len(split.training) - len(kept) + len(split.calibration) - len(calibrating)
    return split._replace(training=kept, calibration=calibrating), count


def _noises(training: ExampleSet, seed: int) -> list[ExampleSet]:
    """Sets of independent features: uniform over the training rows' range, and standard normal."""
    low, high = training.examples.min(axis=0), training.examples.max(axis=0)
    shape, sets = (NOISE_ROWS, len(low)), []
    for name in NOISES:
        rng = np.random.default_rng(child_seed(seed, "evaluation rows", name))
        noise = rng.random(shape, np.float32) * (high - low) + low
        if name == "normal_noise":
            noise = rng.standard_normal(shape, np.float32)
        sets.append(ExampleSet(name, noise, np.arange(NOISE_ROWS), f"drawn with seed {seed}"))
    return sets


def _chosen(example_set: ExampleSet, settings: TableDataSettings) -> ExampleSet:
    if settings.eval_size is None:
        return example_set
    seed = child_seed(settings.seed, "evaluation rows", example_set.name)
    return choose_rows(example_set, settings.eval_size, seed)


def _protocol(name: str, split: TableSplit, rows: TableRows) -> dict[str, str | int]:
    counts = {part: len(numbers) for part, numbers in split._asdict().items()}
    sizes: dict[str, str | int] = {
        "protocol": PROTOCOL_WORDS[name],
        "training rows": counts["training"],
        "calibration rows": counts["calibration"],
    }
    if not rows.has_labels:
        return sizes | {"rows that are scored": counts["test"]}
    anomalies, n_test = rows.roles.anomalies, counts["test"] + counts["anomalies"]
    sizes |= {
        "normal test rows": counts["test"],
        f"test rows that are {anomalies}": counts["anomalies"],
        f"share of {anomalies} in the test": f"{100 * counts['anomalies'] / n_test:.3f} %",
    }
    if rows.second_checksum:
        unused = int((~rows.is_normal & ~rows.is_second).sum())
        return sizes | {f"training rows that are {anomalies}, not used": unused}
    return sizes | {
        f"share of {anomalies} in the table": f"{100 * (~rows.is_normal).mean():.3f} %",
        "rows in no part": len(rows.frame) - sum(counts.values()),
    }
