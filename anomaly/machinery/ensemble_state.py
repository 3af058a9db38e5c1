"""State of a trained ensemble behind the interface of the detectors: making, saving, carrying."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np

from anomaly.machinery.detector_base import Detector
from anomaly.machinery.ensemble_input import key_and_statistic
from tools.run.run_folder import CALIBRATION, RunFolder
from tools.scores.floors import SIMPLE
from tools.scores.pictures.maps import Places
from tools.scores.simple_detectors import simple_detectors
from vae_wgan.run.trained_ensemble import TrainedEnsemble, open_ensemble

PLACES = "places"  # name of what standardises the members' maps, in a saved detector


class EnsembleState(Detector):
    """The members, score and threshold of `EnsembleDetector`, which describes the arguments."""

    detector_type = "outlier"
    threshold_setter = "fit or infer_threshold"

    def __init__(
        self,
        run_folder: str | Path | None = None,
        score: str = "waic",
        threshold: float | None = None,
        data_type: str | None = None,
    ):
        self._ensemble: TrainedEnsemble | None = None
        super().__init__(threshold, data_type)
        self.target_fpr = 0.01
        self.score_name = score
        self._key, self._statistic = key_and_statistic(score)
        if run_folder is not None:
            self._ensemble = open_ensemble(RunFolder(run_folder), self._key)

    def __repr__(self) -> str:
        ensemble = getattr(self, "_ensemble", None)
        name = type(self).__name__
        if ensemble is None:
            return name
        threshold = "none yet" if self.threshold is None else f"{self.threshold:.4g}"
        what = "table" if ensemble.encoder else " x ".join(map(str, ensemble.row_shape or ()))
        return (
            f"{name}({len(ensemble.states)} members, kind {ensemble.kind.name}, {what}, score"
            f" {self.score_name}, threshold {threshold})"
        )

    def get_config(self) -> dict[str, Any]:
        """Threshold, score, data_type, and of the ensemble all but the members."""
        return {
            "threshold": self.threshold,
            "score": self.score_name,
            "data_type": self.meta["data_type"],
            "target_fpr": self.target_fpr,
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
        detector.target_fpr = config.get("target_fpr", detector.target_fpr)
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
