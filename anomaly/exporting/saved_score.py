"""Writes the score of a finished run as a SavedModel, and checks that it gives the run's scores."""

import dataclasses
import logging
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import tensorflow as tf

from anomaly.exporting.exported_score import ExportedScore
from anomaly.exporting.graph_rows import column_specs
from tools.data.tables.date_columns import DateColumn
from tools.data.tables.encoded_columns import CategoricalColumn, NumericColumn
from tools.data.tables.table_columns import ISO
from tools.data.tables.table_encoder import TableEncoder
from tools.errors import InputError
from tools.files.whole_files import write_json
from tools.run.kernels import ANY
from tools.run.run_folder import RunFolder
from tools.scores.score_lines import deployed_score
from tools.scores.score_registry import (
    LOGITS,
    NEAREST_DISTANCE,
    NOT_OF_MEMBERS,
    PLACE_DISTANCE,
    SIMPLE_PARTS,
    fitted_scores,
    needed_quantities,
)
from vae_wgan.run.scorer import Scorer, open_scorer
from vae_wgan.run.trained_ensemble import saved_settings

_LOG = logging.getLogger(__name__)
CARD = "scorer.json"  # says what the SavedModel beside it computes
# Largest difference of a score, see `score_sizes`. Members compute in float32, in other batches
# than the run's; a Mahalanobis distance of members that hardly differ makes more of it.
TOLERANCE = 1e-3
_PROBES = 16
_OF_FEATURES = {"log_likelihood", NEAREST_DISTANCE, PLACE_DISTANCE}
_WITHOUT_NOISE = {"laplace", *LOGITS, *_OF_FEATURES}


def export_run(
    folder: RunFolder,
    output: Path,
    *,
    score: str = "",
    target_fpr: float | None = None,
    overwrite: bool = False,
) -> float:
    """Writes a SavedModel, whole or not at all, and returns its largest relative difference.

    Args:
        folder: The run folder.
        output: Folder to write.
        score: Key of the score to export; empty: the one that the run flags by, or the nearest one
            that plain TensorFlow can compute.
        target_fpr: Share of normal examples that the flag may be wrong about; None: the run's.
        overwrite: Whether another folder that is there may be replaced.

    Raises:
        InputError: The run is not finished, its score has no form in TensorFlow, output holds
            something else, or the exported scores are others than the run's.
    """
    _check_output(output, overwrite)
    scorer = _exportable(folder, score, target_fpr)
    partial = output.with_name(f".{output.name}.{os.getpid()}.partial")
    try:
        module = ExportedScore(scorer)
        tf.saved_model.save(module, str(partial), signatures=module.signatures)
        difference = _largest_difference(scorer, partial)
        if difference > TOLERANCE:
            raise InputError(
                f"the exported scores differ from the run's by {difference:.2g} (relative); please"
                " report this with the run's manifest.json"
            )
        write_json(partial / CARD, _card(scorer))
        if output.exists():
            shutil.rmtree(output)
        os.replace(partial, output)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return difference


def _check_output(output: Path, overwrite: bool) -> None:
    if not output.exists() or overwrite or (output / CARD).exists():
        return
    if not output.is_dir() or any(output.iterdir()):
        raise InputError(
            f"--output={output} is there and holds no exported model; name another folder, or add"
            " --overwrite"
        )


def _exportable(folder: RunFolder, wanted: str, target_fpr: float | None) -> Scorer:
    """The run with the score to export."""
    settings: Any = saved_settings(folder)  # a dataclass of the run's kind
    own, _ = deployed_score(settings.score_keys)
    score = wanted or exported_key(own, is_table=folder.manifest().encoder is not None)
    if score != own and not wanted:
        _LOG.warning(
            "the run flags by %s, which plain TensorFlow does not compute; exported in its place is"
            " %s, with p-values of its own (--score names another)",
            own,
            score,
        )
    if score != own:
        try:
            settings = dataclasses.replace(settings, score_keys=(score,))
        except InputError as error:
            raise InputError(str(error).replace("--score_keys=", "--score=")) from error
    if "processor" in vars(settings):  # bfloat16 is slow on processors that lack it
        settings = dataclasses.replace(settings, precision="float32", processor=ANY)
    return open_scorer(folder, settings, target_fpr=target_fpr)


def exported_key(own: str, *, is_table: bool) -> str:
    """The score that stands for the run's own one: itself where it can be exported.

    Raises:
        InputError: No score of these members can be exported.
    """
    # Rows of a table share their noise. Of images only what needs no noise can be exported.
    of_members = needed_quantities([own]) - NOT_OF_MEMBERS
    is_possible = is_table or (of_members <= _WITHOUT_NOISE and own != "local_likelihood")
    if not is_possible and own in fitted_scores("denoisers"):
        raise InputError(
            f"{own} draws noise for each picture, which an exported model cannot repeat; score by"
            " EnsembleDetector or --score_file instead"
        )
    return own if is_possible else "likelihood_residual"


def _card(scorer: Scorer) -> dict[str, object]:
    """What the SavedModel takes and gives, for whoever finds it."""
    encoder, shape = scorer.ensemble.encoder, scorer.ensemble.row_shape
    described: dict[str, object] = {
        "score": scorer.name,
        "direction": "higher = more anomalous",
        "threshold": scorer.threshold if np.isfinite(scorer.threshold) else None,
        "target_fpr": scorer.target_fpr,
        "members": len(scorer.ensemble.states),
        "calibration_rows": len(scorer.calibration),
        "outputs": {"score": "float64 [row]", "p_value": "float64 [row]", "flagged": "bool [row]"},
    }
    if encoder is None:
        pixels = " x ".join(map(str, shape or ()))
        inputs = {"images": f"uint8 [image, {pixels}]; signature floats: float32 in [0, 1]"}
    else:
        inputs = {name: spec.dtype.name for name, spec in column_specs(encoder).items()}
    return described | {"inputs": inputs}


def _largest_difference(scorer: Scorer, path: Path) -> float:
    """Largest difference of an exported score from the run's own on made-up inputs, relative."""
    signature = tf.saved_model.load(str(path)).signatures["serving_default"]
    if (encoder := scorer.ensemble.encoder) is None:
        images = _probe_images(scorer.ensemble.row_shape or ())
        expected = scorer.scores(images / np.float32(255))
        found = signature(images=tf.constant(images))
    else:
        frame = probe_table(encoder)
        as_written = frame.assign(
            **{date.name: _as_written(frame[date.name], date) for date in encoder.date_columns}
        )
        expected = scorer.scored_table(as_written)["score"].to_numpy()
        found = signature(**{name: tf.constant(frame[name].to_numpy()) for name in frame})
    differences = np.abs(found["score"].numpy() - expected) / score_sizes(scorer, expected)
    if SIMPLE_PARTS in needed_quantities([scorer.ensemble.score_key]):
        # Rounding moves a picture across a known one now and then: a whole step of its p-value.
        return float(np.quantile(differences, 0.75))
    return float(differences.max())


def score_sizes(scorer: Scorer, scores: np.ndarray) -> np.ndarray:
    """What differences of scores are relative to: [row].

    It is the score, but at least the spread of normal scores and a tenth of the members' values: a
    score may be a small rest of hundreds of nats, which members compute in float32.
    """
    spread = float(np.std(scorer.calibration))
    of_members = [
        float(np.mean(np.abs(values)))
        for name, values in (scorer.ensemble.calibration or {}).items()
        if name not in NOT_OF_MEMBERS
    ]
    return np.maximum(np.abs(scores), max(spread, *(value / 10 for value in of_members), 1e-9))


def _probe_images(shape: Sequence[int]) -> np.ndarray:
    """Noise, black, white, and a slope: uint8 [image, height, width, channel]."""
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (_PROBES, *shape), np.uint8)
    noise[0], noise[1] = 0, 255
    noise[2] = np.linspace(0, 255, shape[1]).astype(np.uint8)[:, np.newaxis]
    noise[3] //= 8
    return noise


def probe_table(encoder: TableEncoder) -> pd.DataFrame:
    """Made-up rows of raw columns, near to the training rows and far from them."""
    rng = np.random.default_rng(0)
    by_name = {column.name: column for column in encoder.columns}
    columns: dict[str, np.ndarray] = {}
    for name in encoder.needed:
        column = by_name.get(name)
        if isinstance(column, CategoricalColumn):
            words = np.array([*column.categories, "a text that never was"], object)
            columns[name] = words[rng.integers(0, len(words), _PROBES)]
        elif isinstance(column, NumericColumn):
            steps = rng.standard_t(2, _PROBES) * (column.unit or column.scale)
            columns[name] = column.median + steps
            if column.may_miss:
                columns[name][3] = np.nan
        else:
            columns[name] = 86_400.0 * rng.integers(0, 20_000, _PROBES)  # a day
    return pd.DataFrame(columns)


def _as_written(seconds: pd.Series, column: DateColumn) -> pd.Series:
    """Dates as the training table writes them."""
    written = "%Y-%m-%dT%H:%M:%S" if column.format == ISO else column.format
    return pd.to_datetime(seconds, unit="s").dt.strftime(written)
