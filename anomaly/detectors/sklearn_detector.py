"""A detector as an outlier detector of scikit-learn, for pipelines and grid searches.

def build(n_features, seed):
    encoder, decoder = ...
    return OutlierVAE(encoder_net=encoder, decoder_net=decoder, latent_dim=2, seed=seed)

model = make_pipeline(StandardScaler(), SklearnDetector(build, fit_arguments={"epochs": 50}))
model.fit(X).predict(X)                        # 1: normal, -1: outlier
"""

import inspect
import io
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import tensorflow as tf
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from anomaly.detectors.outlier_vae import OutlierVAE
from anomaly.machinery.detector_base import Detector
from anomaly.machinery.detector_files import load_detector, save_detector
from anomaly.machinery.detector_input import ArgumentTypeError
from tools.errors import ArgumentError

FILE_OF_STATE = "detector_"
FIT_ARGUMENTS = {"epochs": 20, "verbose": False}


def small_detector(n_features: int, seed: int) -> OutlierVAE:
    """A detector of rows that a linear autoencoder with half as many numbers reconstructs badly.

    The autoencoder is in float64 and draws nothing, so that the scores of a row are equal to the
    last digits in any batch, as scikit-learn's contract demands.
    """
    code_size = max(1, n_features // 2)
    autoencoder = tf.keras.Sequential([tf.keras.Input((n_features,), dtype="float64")])
    for number, size in enumerate((code_size, n_features)):
        initializer = tf.keras.initializers.GlorotUniform(seed + number)
        layer = tf.keras.layers.Dense(size, kernel_initializer=initializer, dtype="float64")
        autoencoder.add(layer)
    return OutlierVAE(threshold=0, vae=autoencoder, samples=1, seed=seed)


class SklearnDetector(OutlierMixin, BaseEstimator):
    """Fits and scores a detector under scikit-learn's rules: low scores are outliers.

    What it says of the rows of a DataFrame is a Series with their index, and an array otherwise.

    Rows of images are flat: a network that wants images begins with a Reshape layer and ends with
    Flatten.

    Args:
        detector: Function from (n_features, seed) to a new detector, whose `fit` takes rows; None:
            `small_detector`. A function and not a detector, because fits must start anew.
        fit_arguments: Further arguments of the detector's fit; epochs=20 and verbose=False are
            added where fit takes them and they are not given.
        contamination: Share of the training rows that are taken for outliers, in (0, 0.5].
        random_state: An int gives the same detector on each fit.

    Attributes:
        detector_: The fitted detector.
        offset_: Scores below it are outliers.
        n_features_in_: Numbers in a row.
    """

    def __init__(
        self,
        detector: Callable[[int, int], Detector] | None = None,
        fit_arguments: Mapping[str, Any] | None = None,
        contamination: float = 0.1,
        random_state: int | np.random.RandomState | None = None,
    ):
        self.detector = detector
        self.fit_arguments = fit_arguments
        self.contamination = contamination
        self.random_state = random_state

    def fit(self, X: Any, y: None = None) -> Self:
        """Fits a new detector; y is ignored.

        Raises:
            ArgumentError: contamination is out of its limits.
            ArgumentTypeError: detector is no function.
        """
        X = validate_data(self, X, dtype=np.float64, ensure_min_samples=2)
        if not 0 < self.contamination <= 0.5:
            raise ArgumentError(f"contamination={self.contamination!r}: must lie in (0, 0.5]")
        build = small_detector if self.detector is None else self.detector
        if not callable(build):
            raise ArgumentTypeError(
                f"detector: must be a function of (n_features, seed), is {type(build).__name__}"
            )
        seed = int(check_random_state(self.random_state).randint(2**31 - 2))
        self.detector_ = build(X.shape[1], seed)
        known = inspect.signature(self.detector_.fit).parameters
        defaults = {name: value for name, value in FIT_ARGUMENTS.items() if name in known}
        self.detector_.fit(X, **defaults | dict(self.fit_arguments or {}))
        self.offset_ = float(np.percentile(self.score_samples(X), 100 * self.contamination))
        return self

    def score_samples(self, X: Any) -> np.ndarray | pd.Series:
        """Minus the detector's instance scores [row]: the lower, the more anomalous."""
        check_is_fitted(self)
        rows = validate_data(self, X, dtype=np.float64, reset=False)
        scores = self.detector_.score(rows)
        instance_scores = scores[-1] if isinstance(scores, tuple) else scores  # OutlierVAE: a pair
        found = -instance_scores.astype(np.float64)
        return pd.Series(found, X.index, name="score") if isinstance(X, pd.DataFrame) else found

    def decision_function(self, X: Any) -> np.ndarray | pd.Series:
        """score_samples(X) - offset_: negative for outliers."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: Any) -> np.ndarray | pd.Series:
        """1 for normal rows, -1 for outliers, int [row]."""
        decision = self.decision_function(X)
        found = np.where(decision < 0, -1, 1)
        if isinstance(decision, pd.Series):
            return pd.Series(found, decision.index, name="prediction")
        return found

    def __getstate__(self) -> dict[str, Any]:
        """State with the detector as the bytes of its files, so that it can be copied."""
        state = dict(super().__getstate__())
        if FILE_OF_STATE in state:
            state[FILE_OF_STATE] = _to_bytes(state[FILE_OF_STATE])
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restores the state of `__getstate__`."""
        if FILE_OF_STATE in state:
            state = state | {FILE_OF_STATE: _from_bytes(state[FILE_OF_STATE])}
        super().__setstate__(state)


def _to_bytes(detector: Detector) -> bytes:
    buffer = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(buffer, "w") as archive:
        save_detector(detector, folder)
        for path in sorted(Path(folder).iterdir()):
            archive.write(path, path.name)
    return buffer.getvalue()


def _from_bytes(content: bytes) -> Detector:
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(folder)
        return load_detector(folder)
