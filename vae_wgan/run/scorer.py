"""Scores new rows or pictures with a finished run: score, p-value, flag and reason."""

import dataclasses
import functools
import logging

import numpy as np
import pandas as pd

from tools.data.images.new_pictures import NewPictures
from tools.data.tables.new_rows import NewRows, examine_rows
from tools.data.tables.scored_rows import PICTURE_COLUMNS
from tools.errors import ArgumentError
from tools.run.run_folder import RunFolder
from tools.scores import conformal
from tools.scores.score_lines import ENSEMBLE, deployed_score
from vae_wgan.run.explained_rows import LARGEST, explained_rows, largest_columns
from vae_wgan.run.trained_ensemble import TrainedEnsemble, open_ensemble, saved_settings
from vae_wgan.settings.any_settings import AnySettings

_LOG = logging.getLogger(__name__)
# Score of a row with a number that overflows.
MOST_ANOMALOUS = float(np.finfo(np.float64).max)


@dataclasses.dataclass(frozen=True)
class Scorer:
    """A trained ensemble with the score, calibration rows and threshold of its run.

    Any number of threads may score at once.

    Attributes:
        ensemble: The ensemble, opened with its calibration rows.
        statistic: What is made of the members' scores; "ensemble": a fitted score.
        target_fpr: Examples with a p-value of at most this are flagged.
    """

    ensemble: TrainedEnsemble
    statistic: str
    target_fpr: float

    @functools.cached_property
    def calibration(self) -> np.ndarray:
        """Scores of the calibration rows, ascending: float64 [row]."""
        return np.sort(self.ensemble.calibration_scores(self.statistic))

    @property
    def threshold(self) -> float:
        """Scores above it are flagged; infinite: no score is."""
        return conformal.threshold_at(self.calibration, self.target_fpr)

    @property
    def name(self) -> str:
        """Name of the score, such as likelihood_residual or iwae.waic."""
        key = self.ensemble.score_key
        return key if self.statistic == ENSEMBLE else f"{key}.{self.statistic}"

    def scores(self, rows: np.ndarray) -> np.ndarray:
        """Scores float64 [row] of encoded rows or images, higher = more anomalous."""
        if not len(rows):
            return np.empty(0)
        with np.errstate(over="ignore", invalid="ignore"):
            return self.ensemble.scores(rows, self.statistic)

    def p_values(self, scores: np.ndarray) -> np.ndarray:
        """Conformal p-values of scores, in (0, 1]; see `tools.scores.conformal.p_values`."""
        return conformal.p_values(scores, self.calibration)

    def scored_images(self, images: np.ndarray) -> pd.DataFrame:
        """Columns score, p_value and flagged of images; see `TrainedEnsemble.rows`."""
        return self.judged(self.scores(images))

    def judged(self, scores: np.ndarray) -> pd.DataFrame:
        """Columns score, p_value and flagged of scores."""
        p_values = self.p_values(scores)
        flagged = pd.array(p_values <= self.target_fpr, "Int64")
        return pd.DataFrame({"score": scores, "p_value": p_values, "flagged": flagged})

    def scored_pictures(self, pictures: NewPictures) -> pd.DataFrame:
        """A line for each picture: path, score, p_value, flagged, reason and problem."""
        return self.judged_pictures(pictures, self.scores(pictures.images))

    def judged_pictures(self, pictures: NewPictures, scores: np.ndarray) -> pd.DataFrame:
        """As `scored_pictures`, with the scores of the pictures that could be read."""
        is_read = np.array([not problem for problem in pictures.problems])
        scored = self.judged(scores)
        lines = scored.set_index(np.flatnonzero(is_read)).reindex(range(len(is_read)))
        lines = lines.assign(path=pictures.names, reason="", problem=pictures.problems)
        return lines.astype({"reason": "string", "problem": "string"})[[*PICTURE_COLUMNS]]

    def scored_table(self, frame: pd.DataFrame) -> pd.DataFrame:
        """As `scored_rows`, of a table's rows as they are.

        Raises:
            InputError: A column that the members need is missing.
            ArgumentError: The run is one of images.
        """
        if self.ensemble.encoder is None:
            raise ArgumentError("the run is one of images and scores no rows of a table")
        return self.scored_rows(examine_rows(frame, self.ensemble.encoder))

    def scored_rows(self, rows: NewRows) -> pd.DataFrame:
        """Score, p-value, flag, reason and problem of each row; missing where it was not scored."""
        return self.finished(rows, self.scores(rows.features))

    def finished(self, rows: NewRows, found: np.ndarray) -> pd.DataFrame:
        """As `scored_rows`, with the scores of the rows that could be scored."""
        scores, p_values = (np.full(len(rows.is_scored), np.nan) for _ in range(2))
        beyond = rows.beyond.copy()
        scores[rows.is_scored] = found
        for place in np.flatnonzero(~np.isfinite(found)):
            row = np.flatnonzero(rows.is_scored)[place]
            beyond[row] = beyond[row] or self._furthest_column(rows.features[place])
        is_beyond = (beyond != "") & rows.is_scored
        scores[is_beyond] = MOST_ANOMALOUS
        p_values[rows.is_scored] = self.p_values(scores[rows.is_scored])
        is_sure = is_beyond | ((rows.moved != "") & rows.is_scored)
        p_values[is_sure] = conformal.smallest_p_value(len(self.calibration))
        flagged = pd.array((p_values <= self.target_fpr) | is_sure, "Int64")
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

    def explained(self, rows: NewRows, scored: pd.DataFrame) -> pd.DataFrame:
        """Columns explanation_1 to explanation_3: why flagged rows are so, text [row]; else ""."""
        texts = np.full((len(scored), LARGEST), "", object)
        explained = (scored["flagged"] == 1).fillna(False).to_numpy(bool)
        places = explained[rows.is_scored]
        contributions = explained_rows(self.ensemble, rows.features[places])
        texts[explained & rows.is_scored] = largest_columns(contributions)
        names = [f"explanation_{place}" for place in range(1, LARGEST + 1)]
        return pd.DataFrame(texts, columns=names).astype("string")

    def _furthest_column(self, features: np.ndarray) -> str:
        owners = self.ensemble.encoder.feature_columns if self.ensemble.encoder else ()
        return owners[int(np.abs(features).argmax())]

    def warn_if_nothing_is_flagged(self) -> None:
        """Logs that the calibration rows are too few for the target, where they are."""
        count = len(self.calibration)
        if (least := conformal.smallest_p_value(count)) > self.target_fpr:
            words = "--target_fpr=%g flags no row: of %d calibration rows no p is below %.2g"
            _LOG.warning(words, self.target_fpr, count, least)


def open_scorer(
    folder: RunFolder,
    settings: AnySettings | None = None,
    *,
    target_fpr: float | None = None,
    largest_batch: int | None = None,
) -> Scorer:
    """Opens a finished run with the score that it flags new examples by. It needs no data.

    Args:
        folder: The run folder.
        settings: Settings of the run; None: those in the manifest.
        target_fpr: Share of normal examples to flag; None: that of the settings.
        largest_batch: Examples per pass at most, for few at a time; None: what suits many.

    Raises:
        InputError: The folder holds no finished run.
    """
    settings = settings or saved_settings(folder)
    key, statistic = deployed_score(settings.score_keys)
    ensemble = open_ensemble(folder, key, settings, calibrated=True)
    ensemble.largest_batch = largest_batch
    return Scorer(ensemble, statistic, settings.target_fpr if target_fpr is None else target_fpr)
