"""What all detectors share: meta, threshold, checks of rows, the state that is saved."""

import copy
import logging
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import tensorflow as tf

from anomaly import __version__
from anomaly.machinery.detector_batches import ArrayBatches, Batches, StreamBatches, is_array
from anomaly.machinery.detector_chunks import fresh_seed
from anomaly.machinery.detector_input import (
    ArgumentError,
    ArgumentTypeError,
    checked_count,
    checked_number,
    checked_rows,
)
from anomaly.machinery.detector_networks import row_shape

_LOG = logging.getLogger(__name__)


class Detector:
    """Base of the detectors: higher scores are more anomalous, above the threshold is flagged.

    A class that can be saved states how in `get_config`, `networks` and `from_saved`; `meta` and
    the files are the business of anomaly.machinery.detector_files.

    Args:
        threshold: Scores above it are flagged; None: not yet known.
        data_type: What the rows are, a word for `meta`.

    Attributes:
        detector_type: "outlier" or "adversarial", for `meta`.
    """

    detector_type: ClassVar[str]

    def __init__(self, threshold: float | None = None, data_type: str | None = None):
        self.threshold = None if threshold is None else checked_number("threshold", threshold)
        if threshold is None:
            _LOG.warning("%r has no threshold yet; infer_threshold sets it", self)
        self.meta = {
            "name": type(self).__name__,
            "online": False,
            "data_type": data_type,
            "version": __version__,
            "detector_type": self.detector_type,
        }

    def __repr__(self) -> str:
        return type(self).__name__

    @property
    def threshold(self) -> float | None:
        """Scores above it are flagged; None: not yet known."""
        return self._threshold

    @threshold.setter
    def threshold(self, value: float | None) -> None:
        # A number of NumPy's, as of np.percentile, is none of JSON's. Infinity flags nothing.
        self._threshold = None if value is None else float(value)

    @property
    def meta(self) -> dict[str, Any]:
        """Name, online, data_type, version and detector_type."""
        return self._meta

    @meta.setter
    def meta(self, value: dict[str, Any]) -> None:
        if not isinstance(value, dict):
            raise ArgumentTypeError(f"meta: must be a dict, is {type(value).__name__}")
        self._meta = value

    def get_config(self) -> dict[str, Any]:
        """The state beside the networks, in the types of JSON."""
        raise NotImplementedError(f"{self!r} cannot be saved")

    def networks(self) -> dict[str, tf.keras.Model]:
        """The Keras models that are saved, or their weights {variable: array}, by file name."""
        raise NotImplementedError(f"{self!r} cannot be saved")

    @classmethod
    def from_saved(cls, config: Mapping[str, Any], networks: Mapping[str, tf.keras.Model]) -> Self:
        """The detector that had this `get_config()` and these `networks()`."""
        return cls(**config, **networks)

    def _rows(self, X: Any, network: tf.keras.Model) -> np.ndarray:
        """X as rows that the network takes."""
        rows, wanted = checked_rows(X), row_shape(network)
        if wanted is None:
            return rows
        known = [size in (None, given) for size, given in zip(wanted, rows.shape[1:], strict=False)]
        if rows.ndim != len(wanted) + 1 or not all(known):
            raise ArgumentError(f"X: rows have the shape {rows.shape[1:]}, should have {wanted}")
        return rows

    def _batches(
        self, X: Any, network: tf.keras.Model, batch_size: int, seed: int | None = None
    ) -> Batches:
        """What `fit` reads; without a seed the order comes from TensorFlow's global source."""
        size = checked_count("batch_size", batch_size)
        if is_array(X):
            return ArrayBatches(
                self._rows(X, network), size, fresh_seed() if seed is None else seed
            )
        shape = row_shape(network)
        return StreamBatches(X, size, None if shape is None else len(shape))

    def _set_threshold(self, scores: np.ndarray, percentage: float, margin: float = 0.0) -> None:
        checked_number("threshold_perc", percentage, at_least=0, at_most=100)
        checked_number("margin", margin)
        self.threshold = float(np.percentile(scores, percentage)) + margin

    def _require_threshold(self) -> None:
        if self.threshold is None:
            raise ArgumentError("threshold is None; call infer_threshold first, or set it")

    def _flags(self, scores: np.ndarray) -> np.ndarray:
        return (scores > self.threshold).astype(np.int64)

    def _result(self, **data: np.ndarray | None) -> dict[str, Any]:
        return {"data": data, "meta": copy.deepcopy(self.meta)}
