"""Base classes of the detectors that watch a classifier."""

import logging
from collections.abc import Callable, Hashable, Mapping
from typing import Any, Self

import numpy as np
import tensorflow as tf

from anomaly.machinery.detector_base import NETWORK_LOCK, CompiledRows, Detector
from anomaly.machinery.detector_input import checked_number, checked_rows
from anomaly.machinery.detector_networks import checked_model, row_shape
from anomaly.machinery.frozen_classifier import FrozenModel

_LOG = logging.getLogger(__name__)


class AdversarialDetector(Detector):
    """Base of the detectors around a classifier, which stays as it is, weights and all.

    Args:
        threshold: Scores above it are flagged; None: `infer_threshold` sets it.
        model: Classifier from rows to class probabilities [row, class].
        data_type: Kind of data, a word for `meta`.
    """

    detector_type = "adversarial"

    def __init__(self, threshold: float | None, model: Any, data_type: str | None):
        self.model = model
        super().__init__(threshold, data_type)
        shape = row_shape(self.model)
        lengths = [size for size in shape or () if size is not None]
        if shape is not None and len(lengths) == len(shape):
            self._look_at_predictions(np.zeros((1, *lengths), np.float32))

    @property
    def model(self) -> FrozenModel:
        """Frozen view of the classifier, which shares its weights; `model.original` is it."""
        return self._model

    @model.setter
    def model(self, value: Any) -> None:
        model = checked_model("model", value)
        self._model = model if isinstance(model, FrozenModel) else FrozenModel(model)
        self._is_looked_at = False  # whether its predictions are known to be probabilities

    @classmethod
    def from_saved(cls, config: Mapping[str, Any], networks: Mapping[str, Any]) -> Self:
        """The detector that had this `get_config()` and these `networks()`."""
        networks["model"].trainable = False  # it was read from a file and is nobody else's
        return super().from_saved(config, networks)

    def _rows(self, X: Any, network: tf.keras.Model) -> np.ndarray:
        rows = super()._rows(X, network)
        checked_rows(rows[:1], shape=row_shape(self.model))
        if not self._is_looked_at:
            with NETWORK_LOCK:  # the first call may build the model
                self._look_at_predictions(rows[:1])
        return rows

    def _look_at_predictions(self, rows: np.ndarray) -> None:
        """Warns once of a classifier that does not return probabilities."""
        y = np.asarray(self.model(rows), np.float64)
        are_probabilities = y.min() >= 0 and np.abs(y.sum(axis=-1) - 1).max() <= 1e-3
        if not (are_probabilities or self._is_looked_at):
            _LOG.warning(
                "%s does not return class probabilities, which sum to 1; end it in a softmax",
                self.model.name,
            )
        self._is_looked_at = True

    def _flagged(self, scores: np.ndarray, return_instance_score: bool) -> dict[str, Any]:
        instance_score = scores if return_instance_score else None
        return self._result(instance_score=instance_score, is_adversarial=self._flags(scores))


class PredictionDetector(AdversarialDetector):
    """Base of the detectors that score by two deterministic predictions for each row.

    Args:
        threshold: Scores above it are flagged; None: `infer_threshold` sets it.
        model: Classifier from rows to class probabilities [row, class].
        trained: The network that `fit` trains.
        data_type: Kind of data, a word for `meta`.
    """

    def __init__(
        self,
        threshold: float | None,
        model: Any,
        trained: tf.keras.Model,
        data_type: str | None,
    ):
        super().__init__(threshold, model, data_type)
        self._trained = trained
        self._compiled = CompiledRows(self._score_rows, self._call)

    def infer_threshold(
        self,
        X: np.ndarray,
        threshold_perc: float = 99.0,
        margin: float = 0.0,
        batch_size: float = 1e10,
    ) -> None:
        """Sets the threshold to a percentile of the scores of X, plus a margin.

        Args:
            X: Rows [row, ...].
            threshold_perc: The percentile, in [0, 100].
            margin: Number that is added to the percentile.
            batch_size: Most rows at once.
        """
        scores, _, _ = self._score_and_predictions(X, batch_size)
        self._set_threshold(scores, threshold_perc, margin)

    def score(
        self, X: np.ndarray, batch_size: float = 1e10, return_predictions: bool = False
    ) -> np.ndarray | tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Scores of rows, float [row]; higher = more anomalous.

        Args:
            X: Rows [row, ...].
            batch_size: Most rows at once; memory is bounded without it.
            return_predictions: Whether to return also the class probabilities that were compared,
                each [row, class]: the classifier's, with the temperature applied, and those of
                the reconstruction or the distilled model.
        """
        scores, y, y_other = self._score_and_predictions(X, batch_size)
        return (scores, y, y_other) if return_predictions else scores

    def predict(
        self, X: np.ndarray, batch_size: float = 1e10, return_instance_score: bool = True
    ) -> dict[str, Any]:
        """Flags rows.

        Args:
            X: Rows [row, ...].
            batch_size: Most rows at once.
            return_instance_score: Whether to return the scores; if not, None takes their place.

        Returns:
            {"meta": ..., "data": {"instance_score": float [row], "is_adversarial": int64 [row], 1
            above the threshold, else 0}}.

        Raises:
            ArgumentError: There is no threshold.
        """
        self._require_threshold()
        scores, _, _ = self._score_and_predictions(X, batch_size)
        return self._flagged(scores, return_instance_score)

    def _score_and_predictions(
        self, X: np.ndarray, batch_size: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        checked_number("batch_size", batch_size, at_least=1)
        chunks = self._compiled.chunks(
            self._rows(X, self._trained), self._trained, batch_size=batch_size, state=self._state()
        )
        scores, y, y_other = (np.concatenate(parts) for parts in zip(*chunks, strict=True))
        return scores, y, y_other

    def _call(self, x: tf.Tensor) -> tf.Tensor:
        """Output of the trained network for rows."""
        raise NotImplementedError

    def _score_rows(self, call: Callable, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Scores [row] and the two predictions [row, class]; `call` calls the trained network."""
        raise NotImplementedError

    def _state(self) -> tuple[Hashable, ...]:
        """Values that `_score_rows` reads besides weights."""
        raise NotImplementedError
