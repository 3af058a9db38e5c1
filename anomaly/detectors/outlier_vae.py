"""OutlierVAE: an outlier is what a VAE trained on normal data reconstructs badly."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np
import tensorflow as tf

from anomaly.machinery.detector_base import Detector
from anomaly.machinery.detector_chunks import CompiledRows
from anomaly.machinery.detector_input import (
    checked_count,
    checked_number,
    checked_rows,
    checked_word,
)
from anomaly.machinery.detector_losses import (
    elbo,
    fitted_elbo,
    improbability_score,
    mean_of_largest,
    squared_error_score,
)
from anomaly.machinery.detector_networks import VariationalAutoEncoder, chosen_autoencoder
from anomaly.machinery.detector_training import TrainingOptions, train
from anomaly.machinery.vae_sampling import Sampling, sampled_chunks, sampled_reconstructions

_DEFAULT_COVARIANCE = MappingProxyType({"sim": 0.05})


class OutlierVAE(Detector):
    """Flags rows, or features of rows, by the distance of their reconstructions.

    The score of a feature is the mean over `samples` reconstructions x' of (x - x')**2 ("mse"), or
    of the probability that a draw of the decoder's likelihood N(x', sigma**2) lies nearer to x'
    than x does ("proba": 1 minus the probability that x and x' come from one process, in [0, 1)).
    The score of a row is the mean of its features' largest scores. Higher = more anomalous.

    Args:
        threshold: Scores above it are flagged; None: `infer_threshold` sets it.
        score_type: "mse" or "proba".
        vae: A whole Keras model from rows to reconstructions of the same shape; or
        encoder_net: tf.keras.Sequential from rows to features of any shape, and
        decoder_net: tf.keras.Sequential from codes [row, latent_dim] to rows.
        latent_dim: Numbers in a code.
        samples: Reconstructions drawn for each row.
        beta: Weight of the latent loss, in training.
        data_type: What the rows are, a word for `meta`.
        seed: Makes first weights of the latent layers, training and scores repeatable; the noise
            of a row then depends on the seed and the row's number only. None: new draws each time.
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
        self.seed = None if seed is None else checked_count("seed", seed, at_least=0)
        self.sigma = checked_number("sigma", sigma, above=0)
        parts = {"encoder_net": encoder_net, "decoder_net": decoder_net}
        parts |= {"latent_dim": latent_dim, "beta": beta, "seed": self.seed}
        self.vae = chosen_autoencoder("vae", vae, VariationalAutoEncoder, parts)
        self._compiled = CompiledRows(self._feature_scores, self._call)

    def get_config(self) -> dict[str, Any]:
        """The state beside the VAE, in the types of JSON."""
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
            X: Array [row, ...], tf.data.Dataset, generator, or function that returns one.
            loss_fn: Of rows and reconstructions, to which the latent loss is added.
            optimizer: Keras optimizer or its class.
            cov_elbo: Covariance of the likelihood if loss_fn is `elbo`: {"sim": standard
                deviation}; {"cov_diag": None} or {"cov_full": None} takes it from X.
            epochs: Times that all rows are seen.
            batch_size: Rows in a step.
            verbose: Shows a progress bar.
            log_metric: Label and Keras metric of (rows, reconstructions), shown by the bar.
            callbacks: Keras callbacks.

        Raises:
            ArgumentError: A value is out of its limits, or the training diverged.
            ArgumentTypeError: An argument is of a wrong type.
        """
        batches = self._batches(X, self.vae, batch_size, self.seed)
        loss = fitted_elbo(cov_elbo, batches) if loss_fn is elbo else loss_fn
        train(
            self.vae,
            loss,
            batches,
            TrainingOptions(optimizer, epochs, verbose, log_metric, callbacks),
        )

    def infer_threshold(
        self,
        X: np.ndarray,
        outlier_type: str = "instance",
        outlier_perc: float = 100.0,
        threshold_perc: float = 95.0,
        batch_size: float = 1e10,
    ) -> None:
        """Sets the threshold below which `threshold_perc` percent of the scores of X lie.

        Args:
            X: [row, ...].
            outlier_type: "instance" takes the rows' scores, "feature" those of all features.
            outlier_perc: As of `score`.
            threshold_perc: In percent.
            batch_size: Most rows at once.
        """
        checked_word("outlier_type", outlier_type, ("instance", "feature"))
        of_features = outlier_type == "feature"
        scores = self._scores(X, outlier_perc, batch_size, keep_features=of_features)
        self._set_threshold(scores[0 if of_features else 1], threshold_perc)

    def score(
        self, X: np.ndarray, outlier_perc: float = 100.0, batch_size: float = 1e10
    ) -> tuple[np.ndarray, np.ndarray]:
        """Scores of the features, of X's shape, and of the rows [row].

        Args:
            X: [row, ...]; the scores are float64 if it is, else float32.
            outlier_perc: Percentage, in (0, 100], of a row's features that its score is made of.
            batch_size: Most rows at once; memory is bounded without it.
        """
        return self._scores(X, outlier_perc, batch_size, keep_features=True)

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
            X: [row, ...].
            outlier_type: "instance" flags rows, "feature" single features.
            outlier_perc: As of `score`.
            batch_size: As of `score`.
            return_feature_score: Whether to return it; None takes its place.
            return_instance_score: The same.

        Returns:
            meta, and data: instance_score, feature_score, is_outlier (1 above the threshold, else
            0; int64, of the shape of the scores that it was made from).

        Raises:
            ArgumentError: There is no threshold, or a value is out of its limits.
        """
        self._require_threshold()
        checked_word("outlier_type", outlier_type, ("instance", "feature"))
        of_features = outlier_type == "feature"
        feature_score, instance_score = self._scores(
            X, outlier_perc, batch_size, keep_features=return_feature_score or of_features
        )
        return self._result(
            instance_score=instance_score if return_instance_score else None,
            feature_score=feature_score if return_feature_score else None,
            is_outlier=self._flags(feature_score if of_features else instance_score),
        )

    def feature_score(self, X_orig: np.ndarray, X_recon: np.ndarray) -> np.ndarray:
        """Scores of the features, [row, ...].

        Args:
            X_orig: [row * sample, ...], each row `samples` times, one after the other.
            X_recon: Their reconstructions.
        """
        return self._mean_over_samples(checked_rows(X_orig, "X_orig"), X_recon).numpy()

    def instance_score(self, fscore: np.ndarray, outlier_perc: float = 100.0) -> np.ndarray:
        """Mean of the largest scores of each row's features, [row]; arguments as of `score`."""
        checked_number("outlier_perc", outlier_perc, above=0, at_most=100)
        return mean_of_largest(fscore, outlier_perc)

    def _scores(
        self, X: np.ndarray, outlier_perc: float, batch_size: float, *, keep_features: bool
    ) -> tuple[np.ndarray | None, np.ndarray]:
        checked_number("outlier_perc", outlier_perc, above=0, at_most=100)
        checked_number("batch_size", batch_size, at_least=1)
        chunks = sampled_chunks(
            self._compiled,
            self._rows(X, self.vae),
            Sampling(self.vae, self.samples, self.seed),
            batch_size=batch_size,
            state=(self.score_type, self.sigma),
        )
        of_features, of_rows = [], []
        for (scores,) in chunks:
            of_rows.append(mean_of_largest(scores, outlier_perc))
            if keep_features:
                of_features.append(scores)
        return np.concatenate(of_features) if keep_features else None, np.concatenate(of_rows)

    def _call(self, x: tf.Tensor, *noise: tf.Tensor) -> tf.Tensor:
        return sampled_reconstructions(self.vae, x, self.samples, *noise)

    def _feature_scores(self, call: Callable, x: tf.Tensor, *noise: tf.Tensor) -> tuple[tf.Tensor]:
        copies = tf.repeat(x, self.samples, axis=0)
        return (self._mean_over_samples(copies, call(x, *noise)),)

    def _mean_over_samples(self, x: tf.Tensor, x_recon: tf.Tensor) -> tf.Tensor:
        scores = {
            "mse": squared_error_score,
            "proba": partial(improbability_score, sigma=self.sigma),
        }
        by_copy = scores[self.score_type](x - tf.cast(x_recon, x.dtype))
        return tf.reduce_mean(tf.reshape(by_copy, [-1, self.samples, *x.shape[1:]]), axis=1)
