"""Scores the rows of a table with the members of a finished run: score, p-value, flag."""

import logging
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tools.data.example_set import ExampleSet
from tools.data.tables.table_datasets import load_table
from tools.data.tables.table_encoder import encoder_from_json
from tools.errors import InputError
from tools.files.whole_files import write_text
from tools.report.text_lines import csv_lines
from tools.run.resuming import settle_settings
from tools.run.run_folder import RunFolder
from tools.scores import calibrated
from tools.scores.ensemble_statistics import anomaly_scores
from tools.scores.finished_run import read_manifest
from tools.scores.score_registry import FITTED_SCORES
from vae_wgan.settings.table_settings import TableSettings

_LOG = logging.getLogger(__name__)
STATISTIC = "waic"
COLUMNS = ("row", "score", "p_value", "flagged")


def score_table(settings: TableSettings, given: set[str]) -> None:
    """Writes a line per row of --score_file to --output, in their order.

    The score is that of the run's first score key, WAIC of a score that members have. Higher = more
    anomalous.

    Args:
        settings: Of the run that is to be used, with score_file and output.
        given: Names of the flags given by hand.

    Raises:
        InputError: The table does not fit to the training table, or the run is not finished.
    """
    folder = RunFolder(settings.model_dir)
    settings = settle_settings(folder, settings, given)
    encoder = encoder_from_json(read_manifest(folder).encoder)
    table = load_table(settings.score_file, settings.data_dir)
    try:
        rows = encoder.encode(table.frame)
    except InputError as error:
        raise InputError(f"--score_file={settings.score_file}: {error}") from error
    example_set = ExampleSet(table.name, rows, np.arange(len(rows)), table.checksum)
    with folder.locked():
        scores, calibration = _scores(folder, settings, example_set)
    p_values = calibrated.p_values(scores, calibration)
    flagged = (p_values <= settings.target_fpr).astype(int)
    lines = zip(range(len(rows)), scores.tolist(), p_values.tolist(), flagged.tolist(), strict=True)
    write_text(Path(settings.output), csv_lines(COLUMNS, lines))
    _LOG.info("%s: %d rows, %d flagged", settings.output, len(rows), flagged.sum())


def _scores(
    folder: RunFolder, settings: TableSettings, example_set: ExampleSet
) -> tuple[np.ndarray, np.ndarray]:
    """The scores of the rows, and those of the calibration rows by the same members."""
    # Here: with these comes TensorFlow; a table that does not fit ends before it.
    from vae_wgan.ensemble.devices import prepare_devices
    from vae_wgan.ensemble.members import score_ensemble, trained_members
    from vae_wgan.run.score_sets import read_calibration
    from vae_wgan.table.table_member import TableMember

    checkpoints = trained_members(
        folder, num_models=settings.num_models, max_steps=settings.max_steps
    )
    calibration = read_calibration(folder, checkpoints, settings)
    prepare_devices(settings.cpus_per_member)
    member = TableMember(settings, example_set.examples.shape[1], example_set.examples[:1])
    found = score_ensemble(member, checkpoints, example_set, settings.seed)
    scores, calibrated = (
        _headline(settings, part, calibration.scores) for part in (found, calibration.scores)
    )
    if not np.isfinite(scores).all():
        row = int(np.flatnonzero(~np.isfinite(scores))[0])
        raise InputError(f"--score_file={settings.score_file}: row {row} has no finite score")
    return scores, calibrated


def _headline(
    settings: TableSettings, part: Mapping[str, np.ndarray], calibration: Mapping[str, np.ndarray]
) -> np.ndarray:
    """The run's first score of some rows [row], higher = more anomalous."""
    key = settings.score_keys[0]
    if key in FITTED_SCORES:
        return FITTED_SCORES[key].compute(part, calibration)
    return anomaly_scores(key, part[key], settings.ddof)[STATISTIC]
