"""What the detectors that watch a classifier share: the frozen model, thresholds, predictions."""

import logging
from collections.abc import Callable, Hashable
from typing import Any

import numpy as np
import tensorflow as tf

from anomaly.machinery.compilation import profits_from_xla
from anomaly.machinery.detector_base import Detector
from anomaly.machinery.detector_chunks import CompiledRows, chunk_rows
from anomaly.machinery.detector_input import checked_number
from anomaly.machinery.detector_networks import checked_model, freeze, row_shape

_LOG = logging.getLogger(__name__)


class AdversarialDetector(Detector):
    """Base of the detectors around a classifier; its layers become untrainable.

    Args:
        threshold: Scores above it are flagged; None: `infer_threshold` sets it.
        model: Classifier from rows to class probabilities [row, class].
        data_type: What the rows are, a word for `meta`.
    """

    detector_type = "adversarial"

    def __init__(self, threshold: float | None, model: Any, data_type: str | None):
        self.model = checked_model("model", model)
        super().__init__(threshold, data_type)
        freeze(self.model)
        self._is_looked_at = False  # what the classifier returns
        shape = row_shape(self.model)
        if shape is not None and None not in shape:
            self._look_at_predictions(np.zeros((1, *shape), np.float32))

    def _rows(self, X: Any, network: tf.keras.Model) -> np.ndarray:
        rows = super()._rows(X, network)
        if not self._is_looked_at:
            self._look_at_predictions(rows[:1])
        return rows

    def _look_at_predictions(self, rows: np.ndarray) -> None:
        """Warns of a classifier that does not return probabilities."""
        self._is_looked_at = True
        y = np.asarray(self.model(rows, training=False), np.float64)
        if y.min() < 0 or np.abs(y.sum(axis=-1) - 1).max() > 1e-3:
            _LOG.warning(
                "%s does not return class probabilities, which sum to 1; end it in a softmax",
                self.model.name,
            )

    def _flagged(self, scores: np.ndarray, return_instance_score: bool) -> dict[str, Any]:
        instance_score = scores if return_instance_score else None
        return self._result(instance_score=instance_score, is_adversarial=self._flags(scores))


class PredictionDetector(AdversarialDetector):
    """Base of the detectors that score by two deterministic predictions for each row.

    Args:
        threshold: As of AdversarialDetector.
        model: As of AdversarialDetector.
        trained: The network that `fit` trains.
        data_type: As of AdversarialDetector.
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
        """Sets the threshold: `margin` above that below which so much percent of the scores lie.

        Args:
            X: [row, ...].
            threshold_perc: In percent.
            margin: Added.
            batch_size: As of `score`.
        """
        self._set_threshold(self.score(X, batch_size), threshold_perc, margin)

    def score(
        self, X: np.ndarray, batch_size: float = 1e10, return_predictions: bool = False
    ) -> np.ndarray | tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Scores of rows, float [row]; higher = more anomalous.

        Args:
            X: [row, ...].
            batch_size: Most rows at once; memory is bounded without it.
            return_predictions: Returns also the class probabilities that were compared, each
                [row, class]: the classifier's, with the temperature, and the other ones.
        """
        checked_number("batch_size", batch_size, at_least=1)
        rows = self._rows(X, self.model)
        chunks = self._compiled.chunks(
            rows,
            rows=chunk_rows(rows.shape[1:]),
            batch_size=batch_size,
            state=self._state(),
            xla=profits_from_xla(self._trained),
        )
        scores, y, y_other = (np.concatenate(parts) for parts in zip(*chunks, strict=True))
        return (scores, y, y_other) if return_predictions else scores

    def predict(
        self, X: np.ndarray, batch_size: float = 1e10, return_instance_score: bool = True
    ) -> dict[str, Any]:
        """Flags rows.

        Args:
            X: [row, ...].
            batch_size: As of `score`.
            return_instance_score: Whether to return the score; None takes its place.

        Returns:
            meta, and data: instance_score; is_adversarial, 1 above the threshold, else 0.

        Raises:
            ArgumentError: There is no threshold.
        """
        self._require_threshold()
        return self._flagged(self.score(X, batch_size), return_instance_score)

    def _call(self, x: tf.Tensor) -> tf.Tensor:
        """What the trained network makes of rows."""
        raise NotImplementedError

    def _score_rows(self, call: Callable, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Scores [row], and the two predictions, given the trained network's call."""
        raise NotImplementedError

    def _state(self) -> tuple[Hashable, ...]:
        """What `_score_rows` reads besides weights."""
        raise NotImplementedError
