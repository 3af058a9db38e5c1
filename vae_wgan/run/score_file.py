"""Scores the rows of a file with a finished run: score, p-value, flag, reason."""

import logging
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tools.data.tables.new_rows import NewRows, examine_rows
from tools.data.tables.scored_rows import check_output, with_given_columns, write_scored_rows
from tools.data.tables.table_datasets import table_content
from tools.data.tables.table_encoder import NumericColumn, TableEncoder, encoder_from_json
from tools.data.tables.table_files import table_parts
from tools.errors import InputError
from tools.run.resuming import settle_settings
from tools.run.run_folder import RunFolder
from tools.scores import conformal
from tools.scores.finished_run import read_manifest
from vae_wgan.settings.table_settings import TableSettings

if TYPE_CHECKING:
    from vae_wgan.run.trained_ensemble import TrainedEnsemble

_LOG = logging.getLogger(__name__)
STATISTIC = "waic"
PART = 50_000  # rows read, scored and written at a time
# Score of a row with a number that overflows.
MOST_ANOMALOUS = float(np.finfo(np.float64).max)


def score_table(settings: TableSettings, given: set[str]) -> None:
    """Writes one line per row of --score_file to --output, in the file's order.

    The score is the first of the run's `score_keys`, combined over the members by WAIC; higher =
    more anomalous. The run folder suffices, the training data are not needed.

    Args:
        settings: Settings of the finished run, with score_file and output.
        given: Names of the flags given by hand.

    Raises:
        InputError: The table lacks columns, the run is not finished, or output is an existing file
            that another program wrote; with strict_data, a row cannot be scored.
    """
    folder = RunFolder(settings.model_dir)
    settings = settle_settings(folder, settings, given)
    check_output(
        settings.output,
        run=settings.model_dir,
        inputs=(settings.score_file, settings.train_dataset),
        overwrite=settings.overwrite,
    )
    encoder = encoder_from_json(read_manifest(folder).encoder)
    scorer = _RowScorer(folder, settings, encoder)
    with folder.locked():
        write_scored_rows(Path(settings.output).expanduser(), scorer.scored_parts())
    scorer.tell_what_was_found()


class _RowScorer:
    """Scores the parts of one file; counts flagged rows and rows with problems."""

    def __init__(self, folder: RunFolder, settings: TableSettings, encoder: TableEncoder):
        self._folder = folder
        self._settings = settings
        self._encoder = encoder
        self._counts: Counter[str] = Counter()
        self._unknown: dict[str, tuple[int, str]] = {}
        self._first_problem = ""
        self._ensemble: TrainedEnsemble | None = None
        self._calibration: np.ndarray | None = None

    def scored_parts(self) -> Iterator[pd.DataFrame]:
        """Yields each part's scores beside the columns that members do not use."""
        path, content = table_content(self._settings.score_file, self._settings.data_dir)
        options, numbers = self._settings.text_options, _number_columns(self._encoder)
        for frame in table_parts(content, path, options, numbers, PART):
            try:
                rows = examine_rows(frame, self._encoder)
                self._note(rows, frame.index[0])
            except InputError as error:
                raise InputError(f"--score_file={self._settings.score_file}: {error}") from error
            scored = self._scored(rows).assign(row=frame.index)
            self._counts["flagged"] += int(scored["flagged"].sum())
            others = [name for name in frame if name not in self._encoder.needed]
            yield with_given_columns(scored, frame[others].reset_index(drop=True))

    def tell_what_was_found(self) -> None:
        """Logs unknown categories and the counts of rows."""
        for name, (count, text) in self._unknown.items():
            _LOG.warning(
                "column %s: %d rows have a text, as %r, that is none of the run's categories",
                name,
                count,
                text,
            )
        counts, output = self._counts, self._settings.output
        unscored = counts["rows"] - counts["scored"]
        words = f", {unscored} not scored ({self._first_problem}, ...)" if unscored else ""
        _LOG.info("%s: %d rows, %d flagged%s", output, counts["rows"], counts["flagged"], words)

    def _calibration_scores(self, ensemble: "TrainedEnsemble") -> np.ndarray:
        """Scores of the calibration rows, cached; warns if they are too few to flag any row."""
        if self._calibration is None:
            self._calibration = ensemble.calibration_scores(STATISTIC)
            least = conformal.smallest_p_value(len(self._calibration))
            if least > (target := self._settings.target_fpr):
                count = len(self._calibration)
                words = "--target_fpr=%g flags no row: of %d calibration rows no p is below %.2g"
                _LOG.warning(words, target, count, least)
        return self._calibration

    def _note(self, rows: NewRows, first_row: int) -> None:
        self._counts["rows"] += len(rows.is_scored)
        self._counts["scored"] += int(rows.is_scored.sum())
        for name, (count, text) in rows.unknown.items():
            self._unknown[name] = (self._unknown.get(name, (0, text))[0] + count, text)
        if not rows.is_scored.all() and not self._first_problem:
            row = int(np.flatnonzero(~rows.is_scored)[0])
            self._first_problem = f"row {first_row + row}: {rows.problems[row]}"
            if self._settings.strict_data:
                raise InputError(
                    f"{self._first_problem} (the first row is 0); mend the table, or leave out"
                    " --strict_data"
                )

    def _scored(self, rows: NewRows) -> pd.DataFrame:
        """Score, p-value, flag, reason and problem of each row; missing where it was not scored."""
        scores, p_values = (np.full(len(rows.is_scored), np.nan) for _ in range(2))
        beyond, ensemble = rows.beyond.copy(), self._opened()
        calibration = self._calibration_scores(ensemble)
        scores[rows.is_scored] = found = self._member_scores(rows.features)
        for place in np.flatnonzero(~np.isfinite(found)):
            row = np.flatnonzero(rows.is_scored)[place]
            beyond[row] = beyond[row] or self._furthest_column(rows.features[place])
        is_beyond = (beyond != "") & rows.is_scored
        scores[is_beyond] = MOST_ANOMALOUS
        p_values[rows.is_scored] = conformal.p_values(scores[rows.is_scored], calibration)
        is_sure = is_beyond | ((rows.moved != "") & rows.is_scored)
        p_values[is_sure] = conformal.smallest_p_value(len(calibration))
        flagged = pd.array((p_values <= self._settings.target_fpr) | is_sure, "Int64")
        flagged[~rows.is_scored] = pd.NA
        reasons = rows.moved.copy()
        reasons[is_beyond] = [f"{name} is beyond all numbers" for name in beyond[is_beyond]]
        return pd.DataFrame(
            {
                "score": scores,
                "p_value": p_values,
                "flagged": flagged,
                "reason": pd.array(reasons, "string"),
                "problem": pd.array(rows.problems, "string"),
            }
        )

    def _furthest_column(self, features: np.ndarray) -> str:
        owners = [column.name for column in self._encoder.columns for _ in column.features]
        return owners[int(np.abs(features).argmax())]

    def _member_scores(self, features: np.ndarray) -> np.ndarray:
        if not len(features):
            return np.empty(0)
        with np.errstate(over="ignore", invalid="ignore"):
            return self._opened().scores(features, STATISTIC)

    def _opened(self) -> "TrainedEnsemble":
        """The ensemble, opened on first use: by then the first part has passed all checks."""
        if self._ensemble is None:
            from vae_wgan.ensemble.devices import prepare_devices
            from vae_wgan.run.trained_ensemble import open_ensemble

            prepare_devices(self._settings.cpus_per_member)
            key = self._settings.score_keys[0]
            self._ensemble = open_ensemble(self._folder, key, self._settings, calibrated=True)
        return self._ensemble


def _number_columns(encoder: TableEncoder) -> set[str]:
    """Columns to read as numbers or times; all others are read as text."""
    numeric = {column.name for column in encoder.columns if isinstance(column, NumericColumn)}
    constants = {name for name, value in encoder.constants.items() if isinstance(value, float)}
    return numeric | constants | {encoder.time_column}
