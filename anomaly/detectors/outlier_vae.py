"""OutlierVAE: flags rows that a VAE trained on normal data reconstructs badly."""

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import tensorflow as tf

from anomaly.machinery.detector_base import CompiledRows, Detector, drawn_seed
from anomaly.machinery.detector_input import checked_count, checked_number, checked_rows
from anomaly.machinery.detector_losses import elbo, fitted_elbo
from anomaly.machinery.detector_networks import (
    VariationalAutoEncoder,
    chosen_autoencoder,
    reconstructions,
)
from anomaly.machinery.detector_training import TrainingOptions, train
from tools.errors import ArgumentError, checked_word

_DEFAULT_COVARIANCE = MappingProxyType({"sim": 0.05})
_OUTLIER_TYPES = ("instance", "feature")


class OutlierVAE(Detector):
    """Flags rows, or features of rows, by the error of their reconstructions.

    The score of a feature is the mean over `samples` reconstructions x' of (x - x')**2 ("mse"), or
    of the probability that a draw of the decoder's likelihood N(x', sigma**2) lies nearer to x'
    than x does ("proba": 1 minus the probability that x and x' come from one process, in [0, 1)).
    The score of a row is the mean of its features' largest scores. Higher = more anomalous.

    A score is a function of the row: its noise depends on the row's content and the seed, not on
    the other rows or the call. A model of your own given as `vae` that draws its own noise starts
    at the seed in each call, so there a row's noise depends on its place among the rows.

    Args:
        threshold: Scores above it are flagged; None: `infer_threshold` sets it.
        score_type: "mse" or "proba".
        vae: A whole Keras model from rows to reconstructions of the same shape; or
        encoder_net: tf.keras.Sequential from rows to features of any shape, and
        decoder_net: tf.keras.Sequential from codes [row, latent_dim] to rows.
        latent_dim: Numbers in a code.
        samples: Reconstructions drawn for each row.
        beta: Weight of the latent loss in training.
        data_type: Kind of data, a word for `meta`.
        seed: Seed of the latent layers' first weights, of training and of the scores' noise. None:
            drawn once from TensorFlow's global source; it is saved with the detector.
        sigma: Standard deviation of the decoder's likelihood, for "proba".

    Raises:
        ArgumentError: A number or word is out of its limits, or the networks do not fit.
        ArgumentTypeError: A network is of a wrong type.
    """

    detector_type = "outlier"

    def __init__(  # noqa: PLR0913  the interface that users know
        self,
        threshold: float | None = None,
        score_type: str = "mse",
        vae: tf.keras.Model | None = None,
        encoder_net: tf.keras.Sequential | None = None,
        decoder_net: tf.keras.Sequential | None = None,
        latent_dim: int | None = None,
        samples: int = 10,
        beta: float = 1.0,
        data_type: str | None = None,
        *,
        seed: int | None = None,
        sigma: float = 0.05,
    ):
        super().__init__(threshold, data_type)
        self.score_type = checked_word("score_type", score_type, ("mse", "proba"))
        self.samples = checked_count("samples", samples)
        self.seed = drawn_seed(seed)
        self.sigma = checked_number("sigma", sigma, above=0)
        parts = {"encoder_net": encoder_net, "decoder_net": decoder_net}
        parts |= {"latent_dim": latent_dim, "beta": beta, "seed": self.seed}
        self.vae = chosen_autoencoder("vae", vae, VariationalAutoEncoder, parts)
        self._compiled = CompiledRows(self._feature_scores, self._reconstructions)

    def get_config(self) -> dict[str, Any]:
        """State besides the VAE, in JSON types."""
        names = ("threshold", "score_type", "samples", "seed", "sigma")
        return {name: getattr(self, name) for name in names}

    def networks(self) -> dict[str, tf.keras.Model]:
        """The VAE."""
        return {"vae": self.vae}

    def fit(  # noqa: PLR0913  the interface that users know
        self,
        X: Any,
        loss_fn: Callable = elbo,
        optimizer: Any = tf.keras.optimizers.Adam,
        cov_elbo: Mapping[str, Any] = _DEFAULT_COVARIANCE,
        epochs: int = 20,
        batch_size: int = 64,
        verbose: bool = True,
        log_metric: tuple[str, tf.keras.metrics.Metric] | None = None,
        callbacks: Sequence[tf.keras.callbacks.Callback] | None = None,
    ) -> None:
        """Trains the VAE on normal data.

        Args:
            X: Rows: an array [row, ...], tf.data.Dataset, generator, or function returning one.
            loss_fn: Function of rows and reconstructions; the latent loss is added to it.
            optimizer: Keras optimizer or its class.
            cov_elbo: Covariance of the likelihood if loss_fn is `elbo`: {"sim": standard
                deviation}; {"cov_diag": None} or {"cov_full": None} takes it from X.
            epochs: Passes over all rows.
            batch_size: Rows in a training step.
            verbose: Shows a progress bar.
            log_metric: Label and Keras metric of (rows, reconstructions), shown by the bar.
            callbacks: Keras callbacks.

        Raises:
            ArgumentError: A value is out of its limits, or the training diverged.
            ArgumentTypeError: An argument is of a wrong type.
        """
        batches = self._batches(X, self.vae, batch_size, self.seed)
        loss = fitted_elbo(cov_elbo, batches) if loss_fn is elbo else loss_fn
        options = TrainingOptions(optimizer, epochs, verbose, log_metric, callbacks)
        train(self.vae, loss, batches, options)

    def infer_threshold(
        self,
        X: np.ndarray,
        outlier_type: str = "instance",
        outlier_perc: float = 100.0,
        threshold_perc: float = 95.0,
        batch_size: float = 1e10,
    ) -> None:
        """Sets the threshold to a percentile of the scores of X.

        Args:
            X: Rows [row, ...].
            outlier_type: "instance" takes the scores of rows, "feature" the scores of all features.
            outlier_perc: Percentage, in (0, 100], of a row's features that its score is made of.
            threshold_perc: The percentile, in [0, 100].
            batch_size: Most rows at once.
        """
        checked_word("outlier_type", outlier_type, _OUTLIER_TYPES)
        feature_score, instance_score = self.score(X, outlier_perc, batch_size)
        scores = feature_score if outlier_type == "feature" else instance_score
        self._set_threshold(scores, threshold_perc)

    def score(
        self, X: np.ndarray, outlier_perc: float = 100.0, batch_size: float = 1e10
    ) -> tuple[np.ndarray, np.ndarray]:
        """Scores of the features, of X's shape, and of the rows [row]; higher = more anomalous.

        Args:
            X: Rows [row, ...]; the scores are float64 if it is, else float32.
            outlier_perc: Percentage, in (0, 100], of a row's features that its score is made of:
                those with the largest scores.
            batch_size: Most rows at once; memory is bounded without it.
        """
        checked_number("outlier_perc", outlier_perc, above=0, at_most=100)
        checked_number("batch_size", batch_size, at_least=1)
        chunks = self._compiled.chunks(
            self._rows(X, self.vae),
            self.vae,
            batch_size=batch_size,
            state=(self.score_type, self.sigma),
            samples=self.samples,
            seed=self.seed,
        )
        feature_score = np.concatenate([scores for (scores,) in chunks])
        return feature_score, self.instance_score(feature_score, outlier_perc)

    def predict(
        self,
        X: np.ndarray,
        outlier_type: str = "instance",
        outlier_perc: float = 100.0,
        batch_size: float = 1e10,
        return_feature_score: bool = True,
        return_instance_score: bool = True,
    ) -> dict[str, Any]:
        """Flags outliers.

        Args:
            X: Rows [row, ...].
            outlier_type: "instance" flags rows, "feature" single features.
            outlier_perc: Percentage, in (0, 100], of a row's features that its score is made of.
            batch_size: Most rows at once.
            return_feature_score: Whether to return the features' scores; if not, None.
            return_instance_score: Whether to return the rows' scores; if not, None.

        Returns:
            {"meta": ..., "data": {"instance_score": float [row], "feature_score": float of X's
            shape, "is_outlier": 1 above the threshold, else 0, int64 [row] or of X's shape}}.

        Raises:
            ArgumentError: There is no threshold, or a value is out of its limits.
        """
        self._require_threshold()
        checked_word("outlier_type", outlier_type, _OUTLIER_TYPES)
        feature_score, instance_score = self.score(X, outlier_perc, batch_size)
        return self._result(
            instance_score=instance_score if return_instance_score else None,
            feature_score=feature_score if return_feature_score else None,
            is_outlier=self._flags(feature_score if outlier_type == "feature" else instance_score),
        )

    def feature_score(self, X_orig: np.ndarray, X_recon: np.ndarray) -> np.ndarray:
        """Scores of the features, [row, ...].

        Args:
            X_orig: Rows [row * sample, ...], each `samples` times, one after the other.
            X_recon: Reconstructions of these rows, of the same shape.
        """
        copies = checked_rows(X_orig, "X_orig")
        if np.shape(X_recon) != copies.shape or len(copies) % self.samples:
            raise ArgumentError(
                f"X_orig has the shape {copies.shape}, X_recon {np.shape(X_recon)}; both must hold "
                f"each row {self.samples} times"
            )
        return self._mean_over_samples(copies, X_recon).numpy()

    def instance_score(self, fscore: np.ndarray, outlier_perc: float = 100.0) -> np.ndarray:
        """Mean of the largest scores of each row's features, [row].

        Args:
            fscore: Scores of the features [row, ...].
            outlier_perc: Percentage, in (0, 100], of the features that count, rounded up.
        """
        checked_number("outlier_perc", outlier_perc, above=0, at_most=100)
        flat = fscore.reshape(len(fscore), -1)
        # The tiny number: 7 percent of 100 features in floating point may be a bit above 7.
        count = max(1, math.ceil(outlier_perc * flat.shape[1] / 100 - 1e-9))
        if count < flat.shape[1]:
            flat = np.partition(flat, -count, axis=1)[:, -count:]
        return flat.mean(axis=1)

    def _reconstructions(self, x: tf.Tensor, *noise: tf.Tensor) -> tf.Tensor:
        return reconstructions(self.vae, x, self.samples, *noise)

    def _feature_scores(
        self, reconstruct: Callable, x: tf.Tensor, *noise: tf.Tensor
    ) -> tuple[tf.Tensor]:
        copies = tf.repeat(x, self.samples, axis=0)
        return (self._mean_over_samples(copies, reconstruct(x, *noise)),)

    def _mean_over_samples(self, x: tf.Tensor, x_recon: tf.Tensor) -> tf.Tensor:
        """Feature scores [row, ...] of rows and reconstructions [row * sample, ...]."""
        difference = x - tf.cast(x_recon, x.dtype)
        if self.score_type == "mse":
            scores = difference**2
        else:  # P(|draw - x'| < |x - x'|) of a draw from N(x', sigma**2)
            scores = tf.math.erf(tf.abs(difference) / (self.sigma * math.sqrt(2)))
        return tf.reduce_mean(tf.reshape(scores, [-1, self.samples, *x.shape[1:]]), axis=1)
