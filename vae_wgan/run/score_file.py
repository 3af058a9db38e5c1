"""Scores the rows of a table with the members of a finished run: score, p-value, flag."""

import logging
from pathlib import Path

import numpy as np

from tools.data.tables.table_datasets import load_table
from tools.data.tables.table_encoder import encoder_from_json
from tools.errors import InputError
from tools.files.whole_files import write_text
from tools.report.text_lines import csv_lines
from tools.run.resuming import settle_settings
from tools.run.run_folder import RunFolder
from tools.scores import calibrated
from tools.scores.finished_run import read_manifest
from vae_wgan.settings.table_settings import TableSettings

_LOG = logging.getLogger(__name__)
STATISTIC = "waic"
COLUMNS = ("row", "score", "p_value", "flagged")


def score_table(settings: TableSettings, given: set[str]) -> None:
    """Writes a line per row of --score_file to --output, in their order.

    The score is that of the run's first score key, WAIC of a score that members have. Higher = more
    anomalous.

    Args:
        settings: Settings of the run that is to be used, with score_file and output.
        given: Names of the flags given by hand.

    Raises:
        InputError: The table does not fit to the training table, or the run is not finished.
    """
    folder = RunFolder(settings.model_dir)
    settings = settle_settings(folder, settings, given)
    encoder = encoder_from_json(read_manifest(folder).encoder)
    table = load_table(settings.score_file, settings.data_dir, settings.text_options)
    try:
        rows = encoder.encode(table.frame)
    except InputError as error:
        raise InputError(f"--score_file={settings.score_file}: {error}") from error
    with folder.locked():
        scores, calibration = _scores(folder, settings, rows)
    p_values = calibrated.p_values(scores, calibration)
    flagged = (p_values <= settings.target_fpr).astype(int)
    lines = zip(range(len(rows)), scores.tolist(), p_values.tolist(), flagged.tolist(), strict=True)
    write_text(Path(settings.output), csv_lines(COLUMNS, lines))
    _LOG.info("%s: %d rows, %d flagged", settings.output, len(rows), flagged.sum())


def _scores(
    folder: RunFolder, settings: TableSettings, rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The scores of the rows, and those of the calibration rows by the same members."""
    # Here: with these comes TensorFlow; a table that does not fit ends before it.
    from vae_wgan.ensemble.devices import prepare_devices
    from vae_wgan.run.trained_ensemble import open_ensemble

    prepare_devices(settings.cpus_per_member)
    ensemble = open_ensemble(folder, settings.score_keys[0], settings, calibrated=True)
    scores = ensemble.scores(rows, STATISTIC)
    if not np.isfinite(scores).all():
        row = int(np.flatnonzero(~np.isfinite(scores))[0])
        raise InputError(f"--score_file={settings.score_file}: row {row} has no finite score")
    return scores, ensemble.combined(ensemble.calibration, STATISTIC)
