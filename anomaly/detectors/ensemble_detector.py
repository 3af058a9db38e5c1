"""The project's ensembles of VAEs, WGANs and flows behind the interface of the detectors.

detector = EnsembleDetector("runs/mnist")      # members of a run, or fit(X) trains some
detector.infer_threshold(X_train[:1000])
detector.predict(X)["data"]["is_outlier"]
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np

from anomaly.machinery.detector_base import Detector
from anomaly.machinery.detector_input import checked_count
from tools.errors import ArgumentError, checked_word
from tools.run.run_folder import CALIBRATION, RunFolder
from tools.scores.ensemble_statistics import SCORE_KEYS, STATISTICS
from tools.scores.pictures.maps import Places
from tools.scores.score_lines import ENSEMBLE
from tools.scores.score_registry import FITTED_SCORES, SIMPLE
from tools.scores.simple_detectors import simple_detectors
from vae_wgan.run.fitting import fit_ensemble
from vae_wgan.run.trained_ensemble import TrainedEnsemble, open_ensemble

PLACES = "places"  # name of what standardises the members' maps, in a saved detector


class EnsembleDetector(Detector):
    """An ensemble, of VAEs or WGANs of images, or of VAEs or flows of a table.

    Higher scores are more anomalous.

    A score is repeatable: its noise depends on the row and the run's seed only, not on the rows
    around it. Any number of threads may score at once; a fitted detector can be pickled and copied,
    so that joblib, multiprocessing and Ray carry it.

    Args:
        run_folder: A folder that `vae_run.py`, `wgan_run.py`, `anomaly_run.py` or `fit` has
            trained members in; None: `fit` trains.
        score: What is made of the members' scores. A statistic, "waic", "mean", "mixture",
            "variance" or "disagreement", of their headline, which is iwae of VAEs,
            extra_logit of WGANs and log_likelihood of flows; or a score key, such as "elbo" or
            "rate", for its mean; or both, as "rate.variance"; or a score that is fitted on the
            run's calibration split, as "likelihood_residual" or, for a table, "combined".
        threshold: Scores above it are flagged.
        data_type: What the rows are, a word for `meta`.

    Raises:
        InputError: The folder holds no run, or not all of its members.
        ArgumentError: The score is unknown, or not one of these members.
    """

    detector_type = "outlier"

    def __init__(
        self,
        run_folder: str | Path | None = None,
        score: str = "waic",
        threshold: float | None = None,
        data_type: str | None = None,
    ):
        super().__init__(threshold, data_type)
        self.score_name = score
        self._key, self._statistic = _key_and_statistic(score)
        self._ensemble: TrainedEnsemble | None = None
        if run_folder is not None:
            self._ensemble = open_ensemble(RunFolder(run_folder), self._key)

    def fit(self, X: Any, run_folder: str | Path | None = None, **settings: Any) -> None:
        """Trains the members: VAEs or WGANs of images; VAEs or flows of a table.

        Args:
            X: Normal rows, as for `score`. Images are square, with a side of at least 28 pixels
                that is a multiple of 4. Of a table's columns is inferred what they are, as
                `anomaly_run.py` does. A fitted score takes 5 % of the rows, which no member sees.
            run_folder: Where checkpoints and histories stay. Started again with the same rows and
                settings, training goes on from there. None: nothing stays.
            **settings: Of VAESettings, or TableSettings for a table, such as num_models=5,
                max_steps=3000, seed=0, preset="reference" or, for flows, model="flow"; with
                model="wgan", of WGANSettings.

        Raises:
            InputError: The rows or a setting are unfit, or the folder holds something else.
            TypeError: There is no such setting.
        """
        with tempfile.TemporaryDirectory() as scratch:
            folder = RunFolder(run_folder or scratch)
            self._ensemble = fit_ensemble(X, folder, self._key, **settings)

    def score(self, X: Any, batch_size: float = 1e10) -> np.ndarray:
        """Scores float64 [row].

        Args:
            X: Images [image, height, width, channel] or, grey ones, [image, height, width]; uint8,
                or floats in [0, 1]. Or a pandas.DataFrame with the columns of the training table,
                or an array [row, column] if that was one.
            batch_size: Rows that the members score together. It bounds no memory: a member takes
                few rows at a time in any case.

        Raises:
            InputError: X is not what the members were trained on.
        """
        size = checked_count("batch_size", batch_size)
        if self._ensemble is None:
            raise ArgumentError("there are no members: give run_folder, or call fit")
        rows = self._ensemble.rows(X)
        parts = (rows[start : start + size] for start in range(0, len(rows), size))
        return np.concatenate([self._ensemble.scores(part, self._statistic) for part in parts])

    def infer_threshold(
        self, X: Any, threshold_perc: float = 95.0, batch_size: float = 1e10
    ) -> None:
        """Sets the threshold so that threshold_perc % of the scores of X are not above it."""
        self._set_threshold(self.score(X, batch_size), threshold_perc)

    def predict(
        self, X: Any, batch_size: float = 1e10, return_instance_score: bool = True
    ) -> dict[str, Any]:
        """Flags rows, {"data": {"instance_score", "is_outlier"}, "meta"}, as OutlierVAE does.

        Args:
            X: As for `score`.
            batch_size: As for `score`.
            return_instance_score: False: None stands for the scores.

        Raises:
            ArgumentError: There is no threshold.
        """
        self._require_threshold()
        scores = self.score(X, batch_size)
        return self._result(
            instance_score=scores if return_instance_score else None, is_outlier=self._flags(scores)
        )

    def get_config(self) -> dict[str, Any]:
        """Threshold, score, data_type, and of the ensemble all but the members."""
        return {
            "threshold": self.threshold,
            "score": self.score_name,
            "data_type": self.meta["data_type"],
            "ensemble": None if self._ensemble is None else self._ensemble.to_json(),
        }

    def networks(self) -> dict[str, Mapping[str, np.ndarray]]:
        """The members' variables by name, and what a fitted score is fitted on."""
        if self._ensemble is None:
            return {}
        found = {f"member_{index}": each for index, each in enumerate(self._ensemble.states)}
        if self._ensemble.calibration is not None:
            found[CALIBRATION] = self._ensemble.calibration
        if self._ensemble.simple is not None:
            found[SIMPLE] = self._ensemble.simple.state
        if self._ensemble.places is not None:
            found[PLACES] = self._ensemble.places._asdict()
        return found

    @classmethod
    def from_saved(cls, config: Mapping[str, Any], networks: Mapping[str, Any]) -> Self:
        """The detector that had this `get_config()` and these `networks()`."""
        detector = cls(**{name: config[name] for name in ("score", "threshold", "data_type")})
        if config["ensemble"] is not None:
            arrays = dict(networks)
            others = (CALIBRATION, SIMPLE, PLACES)
            calibration, simple, places = (arrays.pop(name, None) for name in others)
            states = [arrays[f"member_{index}"] for index in range(len(arrays))]
            detector._ensemble = TrainedEnsemble.from_json(
                config["ensemble"], states, score_key=detector._key, calibration=calibration
            )
            if simple is not None:
                detector._ensemble.simple = simple_detectors(simple)
            if places is not None:
                detector._ensemble.places = Places(**places)
        return detector

    def __reduce__(self) -> tuple:
        """What pickle and copy.deepcopy carry: JSON values and arrays, no compiled function."""
        rebuild = type(self).from_saved, (self.get_config(), self.networks())
        return *rebuild, {"_meta": self.meta}


def _key_and_statistic(score: str) -> tuple[str | None, str]:
    """The score key, None for the members' headline, and the statistic that a name stands for."""
    if score in FITTED_SCORES:
        return score, ENSEMBLE
    statistics = [name for name in STATISTICS if name != "single"]
    key, _, statistic = score.partition(".")
    if key in statistics and not statistic:
        return None, key
    if key in FITTED_SCORES:
        raise ArgumentError(f"score={score!r}: {key} is one number per row already; it has no mean")
    checked_word("score", key, (*SCORE_KEYS, *statistics, *FITTED_SCORES))
    return key, checked_word("score", statistic or "mean", statistics)
