"""The project's ensembles of VAEs behind the interface of the detectors.

    detector = EnsembleDetector("runs/mnist")      # members of vae_run.py, or fit(X) trains some
    detector.infer_threshold(X_train[:1000])
    detector.predict(X)["data"]["is_outlier"]

All that knows which model the members are stands in `_new_scorer` and in the settings.
"""

import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self
from zlib import crc32

import numpy as np

from anomaly.detector_base import Detector
from anomaly.detector_input import ArgumentError, checked_count, checked_word
from tools.data.example_set import ExampleSet
from tools.data.preprocessing import as_images, check_image_shape
from tools.errors import InputError
from tools.run.checkpoints import read_checkpoint
from tools.run.folder import RunFolder, open_run, settle_settings
from tools.run.settings import member_settings
from tools.run.training_loop import TrainingPlan
from tools.scores.ensemble import STATISTICS, anomaly_scores
from vae_wgan.ensemble import Scorer, score_members, train_ensemble, trained_members
from vae_wgan.vae_member import VAEMember
from vae_wgan.vae_settings import SCORE_KEYS, VAESettings

MONITORED_IMAGES = 64  # of those that are trained on; they show how training goes
_SCORING_SETTINGS = ("num_models", "n_samples", "compile")


class EnsembleDetector(Detector):
    """An ensemble of VAEs. Higher scores are more anomalous.

    An image's score is repeatable: its noise depends on its pixels and the run's seed only, not on
    the images around it.

    Args:
        run_folder: A folder that `vae_run.py` or `fit` has trained members in; None: `fit` trains.
        score: What is made of the members' scores. A statistic, "waic", "mean", "mixture",
            "variance" or "disagreement", of their iwae; or a score key, "iwae", "elbo", "rate" or
            "distortion", for its mean; or both, as "rate.variance".
        threshold: Scores above it are flagged.
        data_type: What the rows are, a word for `meta`.

    Raises:
        InputError: The folder holds no run, or not all of its members.
        ArgumentError: The score is unknown.
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
        self._settings: VAESettings | None = None
        self._members: Sequence[Mapping[str, np.ndarray]] = ()
        self._scorer: Scorer | None = None
        self._image_shape: tuple[int, ...] | None = None  # that the scorer is built for
        if run_folder is not None:
            self._open(RunFolder(run_folder))

    def fit(self, X: np.ndarray, run_folder: str | Path | None = None, **settings: Any) -> None:
        """Trains the members.

        Args:
            X: Normal images, as for `score`; square, with a side of at least 28 pixels that is a
                multiple of 4.
            run_folder: Where checkpoints and histories stay. Started again with the same images
                and settings, training goes on from there. None: nothing stays.
            **settings: Of VAESettings, such as num_models=5, max_steps=3000 or seed=0.

        Raises:
            InputError: The images are unfit, or the folder holds something else.
            TypeError: There is no such setting.
        """
        images = as_images(np.asarray(X), "X")
        check_image_shape("X", images.shape[1:])
        with tempfile.TemporaryDirectory() as scratch:
            folder = RunFolder(run_folder or scratch)
            self._train(images, VAESettings(model_dir=str(folder.path), **settings), folder)
            self._open(folder)

    def score(self, X: np.ndarray, batch_size: float = 1e10) -> np.ndarray:
        """Scores float64 [image].

        Args:
            X: Images [image, height, width, channel] or, grey ones, [image, height, width]; uint8,
                or floats in [0, 1].
            batch_size: Images that the members score together. It bounds no memory: a member
                takes few images at a time in any case.

        Raises:
            InputError: X are no images, or of another shape than the members were trained on.
        """
        size = checked_count("batch_size", batch_size)
        images = as_images(np.asarray(X), "X")
        parts = [self._scores(images[i : i + size]) for i in range(0, len(images), size)]
        return np.concatenate(parts)

    def infer_threshold(
        self, X: np.ndarray, threshold_perc: float = 95.0, batch_size: float = 1e10
    ) -> None:
        """Sets the threshold so that threshold_perc % of the scores of X are not above it."""
        self._set_threshold(self.score(X, batch_size), threshold_perc)

    def predict(
        self, X: np.ndarray, batch_size: float = 1e10, return_instance_score: bool = True
    ) -> dict[str, Any]:
        """Flags images, {"data": {"instance_score", "is_outlier"}, "meta"}, as OutlierVAE does.

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
        """Threshold, score, data_type, and the settings that the members depend on."""
        settings = None if self._settings is None else _kept_settings(self._settings)
        return {
            "threshold": self.threshold,
            "score": self.score_name,
            "data_type": self.meta["data_type"],
            "settings": settings,
        }

    def networks(self) -> dict[str, Mapping[str, np.ndarray]]:
        """The members' variables by name."""
        return {f"member_{index}": member for index, member in enumerate(self._members)}

    @classmethod
    def from_saved(cls, config: Mapping[str, Any], networks: Mapping[str, Any]) -> Self:
        """The detector that had this `get_config()` and these `networks()`."""
        settings = config["settings"]
        detector = cls(**{name: config[name] for name in ("score", "threshold", "data_type")})
        if settings is not None:
            detector._settings = VAESettings(**settings)
            detector._members = [networks[f"member_{index}"] for index in range(len(networks))]
        return detector

    def _open(self, folder: RunFolder) -> None:
        saved = folder.manifest().get("settings", {})
        wanted = _kept_settings(VAESettings())
        if missing := sorted(wanted.keys() - saved.keys()):
            raise ArgumentError(
                f"run_folder={folder.path} holds no run of VAEs: its manifest lacks {missing[0]}"
            )
        settings = VAESettings(**{name: saved[name] for name in wanted})
        checkpoints = trained_members(
            folder, num_models=settings.num_models, max_steps=settings.max_steps
        )
        self._members = [read_checkpoint(checkpoint).arrays for checkpoint in checkpoints]
        self._settings, self._image_shape = settings, None

    def _train(self, images: np.ndarray, settings: VAESettings, folder: RunFolder) -> None:
        settle_settings(folder, settings, set())  # refuses members of other settings
        plan = TrainingPlan(settings.seed, settings.max_steps, settings.viz_steps)
        member = VAEMember(settings, images.shape[1:], images[:MONITORED_IMAGES])
        checksum = hashlib.sha256(images).hexdigest()[:16]
        with folder.locked():
            open_run(folder, settings, {"train_dataset": f"X, sha256 {checksum}"})
            train_ensemble(member, images, plan, folder=folder, num_models=settings.num_models)
            folder.update_manifest(status="trained")

    def _scores(self, images: np.ndarray) -> np.ndarray:
        if self._settings is None:
            raise ArgumentError("there are no members: give run_folder, or call fit")
        if images.shape[1:] != self._image_shape:
            self._become_scorer_of(images.shape[1:])
        ids = np.array([crc32(image) for image in images])
        values = score_members(
            self._scorer, self._members, ExampleSet("X", images, ids, ""), self._settings.seed
        )
        return anomaly_scores(self._key, values[self._key])[self._statistic]

    def _become_scorer_of(self, image_shape: tuple[int, ...]) -> None:
        """Builds the model for the shape of the images that the members were trained on."""
        try:
            check_image_shape("X", image_shape)
            scorer = _new_scorer(self._settings, image_shape)
            scorer.load_state(self._members[0])
        except InputError as error:
            raise ArgumentError(
                f"X: the members were trained on images of another shape than {image_shape}"
            ) from error
        self._scorer, self._image_shape = scorer, image_shape


def _new_scorer(settings: VAESettings, image_shape: Sequence[int]) -> Scorer:
    """The model that becomes each member in turn."""
    return VAEMember(settings, image_shape, held_out=np.empty((0, *image_shape), np.float32))


def _kept_settings(settings: VAESettings) -> dict[str, Any]:
    """The settings that members and their scores depend on."""
    return member_settings(settings) | {key: getattr(settings, key) for key in _SCORING_SETTINGS}


def _key_and_statistic(score: str) -> tuple[str, str]:
    """The score key and the statistic that a name of a score stands for."""
    statistics = [name for name in STATISTICS if name != "single"]
    key, _, statistic = score.partition(".")
    if key in statistics and not statistic:
        return "iwae", key
    checked_word("score", key, (*SCORE_KEYS, *statistics))
    return key, checked_word("score", statistic or "mean", statistics)
