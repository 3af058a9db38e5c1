"""Rows of a run on a table: training, calibration, test and anomalies. No TensorFlow."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from tools.data.example_set import ExampleSet, choose_rows
from tools.data.tables.table_columns import has_label, refuse_missing, seconds
from tools.data.tables.table_datasets import TABLE_DATASETS, NamedTable, load_table
from tools.data.tables.table_encoder import TableEncoder, fit_encoder
from tools.data.tables.table_splits import (
    TableSplit,
    groups_of_equal_features,
    groups_of_equal_rows,
    split_balanced,
    split_semi,
    split_time,
)
from tools.data.tables.text_format import CsvOptions
from tools.errors import InputError
from tools.run.run_folder import CALIBRATION
from tools.run.seeds import child_seed
from vae_wgan.data.image_data import ExperimentData

LEAST_ROWS = 100
MONITORED_ROWS = 1000
NOISE_ROWS = 1000
NOISES = ("uniform_noise", "normal_noise")
PROTOCOL_WORDS = {
    "semi": "semi: half of the normal rows train, of which a tenth is kept for calibration; the"
    " others and all anomalies are tested",
    "time": "time: the normal rows of the first half of the days train, of which a tenth is kept"
    " for calibration; all rows of the later days are tested",
    "balanced": "balanced: as many normal rows as anomalies are tested; the other normal rows"
    " train, of which a tenth is kept for calibration",
}


class TableDataSettings(Protocol):
    """The settings that choose the data."""

    train_dataset: str
    data_dir: str
    label_column: str
    normal_label: str
    time_column: str
    absolute_time: bool
    drop_columns: tuple[str, ...]
    protocol: str
    seed: int
    eval_size: int | None

    @property
    def text_options(self) -> CsvOptions:
        """Format of a text file as far as the user states it."""


@dataclass(frozen=True, kw_only=True)
class TableData(ExperimentData):
    """All rows of a run, encoded, with a description of the split.

    Attributes:
        encoder: Encoder of a table's rows as features.
        anomalies: Names of the sets of labelled anomalies; empty if there are no labels.
        protocol: Description and sizes of the split, by heading, for the manifest and the preview.
        notes: Lines on what was inferred about the file's format.
    """

    encoder: TableEncoder
    anomalies: tuple[str, ...]
    protocol: dict[str, str | int]
    notes: Sequence[str]

    @property
    def preview(self) -> str:
        """Text that shows the inferred columns and the split of the rows before training."""
        counts = "".join(f"  {name}: {value}\n" for name, value in self.protocol.items())
        n_features = len(self.encoder.features)
        notes = "".join(f"  {note}\n" for note in self.notes)
        return f"{self.test.name}: {n_features} features\n{notes}{self.encoder.preview}{counts}"


@dataclass(frozen=True)
class Roles:
    """The label and time columns of a table; an empty name: there is no such column."""

    label_column: str
    normal_label: str
    time_column: str
    anomalies: str


def load_table_data(settings: TableDataSettings) -> TableData:
    """Loads, splits and encodes the table, so that errors show before training.

    Raises:
        InputError: The table is unavailable or damaged, a column that a flag names is missing, a
            value is unsuitable, or there are too few rows.
    """
    table = load_table(settings.train_dataset, settings.data_dir, settings.text_options)
    roles = table_roles(settings)
    try:
        return _split_and_encode(table, roles, settings)
    except InputError as error:
        raise InputError(f"--train_dataset={settings.train_dataset}: {error}") from error


def table_roles(settings: TableDataSettings) -> Roles:
    """Roles of the columns, declared by the flags or else by the named table."""
    dataset = TABLE_DATASETS.get(settings.train_dataset)
    if dataset is None:
        label, time = settings.label_column, settings.time_column
        return Roles(label, settings.normal_label, time, "anomalies")
    if settings.label_column:
        label, normal_label = settings.label_column, settings.normal_label
    else:
        label, normal_label = dataset.label_column, dataset.normal_label
    time = settings.time_column or dataset.time_column
    return Roles(label, normal_label, time, dataset.anomalies)


def _split_and_encode(table: NamedTable, roles: Roles, settings: TableDataSettings) -> TableData:
    _check_table(table, roles, settings.drop_columns)
    is_normal = _normal_rows(table, roles)
    not_features = dict.fromkeys(settings.drop_columns, "by --drop_columns")
    not_features |= {roles.label_column: "the label"} if roles.label_column else {}
    groups = _groups(table, is_normal, roles, not_features)
    split = _split(table, is_normal, groups, roles, settings)
    encoder = fit_encoder(
        table.frame,
        split.training,
        time_column="" if roles.time_column in settings.drop_columns else roles.time_column,
        absolute_time=settings.absolute_time,
        not_features=not_features,
    )
    examples = encoder.encode(table.frame)

    def part(name: str, rows: np.ndarray) -> ExampleSet:
        return ExampleSet(name, examples[rows], rows, table.checksum)

    training, test = part(table.name, split.training), part(table.name, split.test)
    calibration = part(CALIBRATION, split.calibration)
    ood = [part(roles.anomalies, split.anomalies)] if len(split.anomalies) else []
    labelled = tuple(example_set.name for example_set in ood)
    ood += _noises(training, settings.seed)
    return TableData(
        training=training,
        calibration=_chosen(calibration, settings),
        monitored=calibration.examples[:MONITORED_ROWS],
        test=_chosen(test, settings),
        ood=tuple(_chosen(example_set, settings) for example_set in ood),
        missing={},
        encoder=encoder,
        anomalies=labelled,
        protocol=_protocol(settings.protocol, split, is_normal, roles.anomalies),
        notes=table.notes,
    )


def _check_table(table: NamedTable, roles: Roles, drop_columns: tuple[str, ...]) -> None:
    named = {"label_column": roles.label_column, "time_column": roles.time_column}
    for flag, column in [*named.items(), *(("drop_columns", name) for name in drop_columns)]:
        if column and column not in table.frame:
            columns = ", ".join(table.frame)
            raise InputError(f"--{flag}={column}: the table has no such column; it has {columns}")
    if len(table.frame) < LEAST_ROWS:
        raise InputError(f"the table has {len(table.frame)} rows; at least {LEAST_ROWS} are needed")
    if table.name in (CALIBRATION, roles.anomalies, *NOISES):
        raise InputError(f"the name {table.name} is taken by a set of the run; rename the file")


def _normal_rows(table: NamedTable, roles: Roles) -> np.ndarray:
    """Whether each row is normal, bool [row]."""
    if not roles.label_column:
        return np.ones(len(table.frame), bool)
    labels = table.frame[roles.label_column]
    refuse_missing(labels, "every row needs its label")
    is_normal = has_label(labels, roles.normal_label)
    if not is_normal.any():
        found = ", ".join(map(str, labels.unique()[:5]))
        raise InputError(
            f"--normal_label={roles.normal_label}: column {labels.name} has it in no row; it has"
            f" {found}"
        )
    return is_normal


def _groups(
    table: NamedTable, is_normal: np.ndarray, roles: Roles, not_features: dict[str, str]
) -> np.ndarray:
    """Group number of each row, [row]: rows with equal encoded features share a group.

    The encoder is fitted on the normal rows. The time column and columns that are no features, such
    as row numbers, are ignored.
    """
    no_content = not_features | ({roles.time_column: "the time"} if roles.time_column else {})
    groups = groups_of_equal_rows(table.frame.drop(columns=list(no_content)))
    encoder = fit_encoder(table.frame, np.flatnonzero(is_normal), not_features=no_content)
    return groups_of_equal_features(groups, encoder.encode(table.frame))


def _split(
    table: NamedTable,
    is_normal: np.ndarray,
    groups: np.ndarray,
    roles: Roles,
    settings: TableDataSettings,
) -> TableSplit:
    rng = np.random.default_rng(child_seed(settings.seed, "table split"))
    if settings.protocol == "time":
        if not roles.time_column:
            raise InputError("--protocol=time needs --time_column")
        return split_time(is_normal, groups, rng, seconds(table.frame[roles.time_column]))
    split = {"semi": split_semi, "balanced": split_balanced}[settings.protocol]
    return split(is_normal, groups, rng)


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


def _protocol(
    name: str, split: TableSplit, is_normal: np.ndarray, anomalies: str
) -> dict[str, str | int]:
    counts = {part: len(rows) for part, rows in split._asdict().items()}
    n_test = counts["test"] + counts["anomalies"]
    return {
        "protocol": PROTOCOL_WORDS[name],
        "training rows": counts["training"],
        "calibration rows": counts["calibration"],
        "normal test rows": counts["test"],
        f"test rows that are {anomalies}": counts["anomalies"],
        f"share of {anomalies} in the test": f"{100 * counts['anomalies'] / n_test:.3f} %",
        f"share of {anomalies} in the table": f"{100 * (~is_normal).mean():.3f} %",
        "rows in no part": len(is_normal) - sum(counts.values()),
    }
