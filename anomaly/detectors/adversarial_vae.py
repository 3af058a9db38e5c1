"""AdversarialVAE: flags rows that a classifier sees differently after a VAE."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from anomaly.machinery.adversarial_base import AdversarialDetector
from anomaly.machinery.detector_base import CompiledRows, drawn_seed
from anomaly.machinery.detector_input import checked_count, checked_number
from anomaly.machinery.detector_losses import checked_cov_elbo, fitted_elbo, kl_divergence
from anomaly.machinery.detector_networks import (
    VariationalAutoEncoder,
    chosen_autoencoder,
    reconstructions,
)
from anomaly.machinery.detector_training import TrainingOptions, train


class AdversarialVAE(AdversarialDetector):
    """Scores a row by the mean of KL(model(x) || model(x')) over `samples` draws of x' = vae(x).

    A score is a function of the row: its noise depends on the row's content and the seed, not on
    the other rows or the call. A model of your own given as `vae` that draws its own noise starts
    at the seed in each call, so there a row's noise depends on its place among the rows.

    Args:
        threshold: Scores above it are flagged; None: `infer_threshold` sets it.
        vae: A whole Keras model from rows to reconstructions of the same shape; or
        model: Classifier from rows to class probabilities, which stays as it is.
        encoder_net: tf.keras.Sequential from rows to features of any shape, and
        decoder_net: tf.keras.Sequential from codes [row, latent_dim] to rows.
        latent_dim: Numbers in a code.
        samples: Reconstructions drawn for each row.
        beta: Weight of the latent loss in training.
        data_type: Kind of data, a word for `meta`.
        seed: Seed of the latent layers' first weights, of training and of the scores' noise. None:
            drawn once from TensorFlow's global source; it is saved with the detector.

    Raises:
        ArgumentError: A number is out of its limits, or the networks do not fit.
        ArgumentTypeError: A network is of a wrong type.
    """

    def __init__(  # noqa: PLR0913  the interface that users know
        self,
        threshold: float | None = None,
        vae: tf.keras.Model | None = None,
        model: tf.keras.Model | None = None,
        encoder_net: tf.keras.Sequential | None = None,
        decoder_net: tf.keras.Sequential | None = None,
        latent_dim: int | None = None,
        samples: int = 10,
        beta: float = 0.0,
        data_type: str | None = None,
        *,
        seed: int | None = None,
    ):
        self.samples = checked_count("samples", samples)
        self.seed = drawn_seed(seed)
        parts = {"encoder_net": encoder_net, "decoder_net": decoder_net}
        parts |= {"latent_dim": latent_dim, "beta": beta, "seed": self.seed}
        self.vae = chosen_autoencoder("vae", vae, VariationalAutoEncoder, parts)
        super().__init__(threshold, model, data_type)
        self._compiled = CompiledRows(self._score_rows, self._reconstructions)

    def get_config(self) -> dict[str, Any]:
        """State besides the networks, in JSON types."""
        return {name: getattr(self, name) for name in ("threshold", "samples", "seed")}

    def networks(self) -> dict[str, tf.keras.Model]:
        """The VAE and the classifier."""
        return {"vae": self.vae, "model": self.model.original}

    def fit(  # noqa: PLR0913  the interface that users know
        self,
        X: Any,
        loss_fn: Callable | None = None,
        w_model: float = 1.0,
        w_recon: float = 0.0,
        optimizer: Any = tf.keras.optimizers.Adam,
        cov_elbo: Mapping[str, Any] | None = None,
        epochs: int = 20,
        batch_size: int = 64,
        verbose: bool = True,
        log_metric: tuple[str, tf.keras.metrics.Metric] | None = None,
        callbacks: Sequence[tf.keras.callbacks.Callback] | None = None,
    ) -> None:
        """Trains the VAE on normal data.

        The loss is w_model * mean KL(model(x) || model(x')) + w_recon * elbo(x, x') + latent loss.

        Args:
            X: Rows: an array [row, ...], tf.data.Dataset, generator, or function returning one.
            loss_fn: Function of rows and reconstructions in place of the first two terms; None:
                these terms.
            w_model: Weight of the divergence of the predictions.
            w_recon: Weight of the likelihood of the reconstructions.
            optimizer: Keras optimizer or its class.
            cov_elbo: Covariance of the likelihood: {"sim": standard deviation}; {"cov_diag": None}
                or {"cov_full": None} takes it from X. None: {"sim": 0.05}.
            epochs: Passes over all rows.
            batch_size: Rows in a training step.
            verbose: Shows a progress bar.
            log_metric: Label and Keras metric of (rows, reconstructions), shown by the bar.
            callbacks: Keras callbacks.

        Raises:
            ArgumentError: A value is out of its limits, or the training diverged.
            ArgumentTypeError: An argument is of a wrong type.
        """
        checked_number("w_model", w_model, at_least=0)
        checked_number("w_recon", w_recon, at_least=0)
        batches = self._batches(X, self.vae, batch_size, self.seed)
        cov_elbo = checked_cov_elbo(cov_elbo or {"sim": 0.05})
        if is_weighted := w_recon > 0 and loss_fn is None:
            negative_elbo = fitted_elbo(cov_elbo, batches)  # perhaps a pass over all rows

        def matching_loss(x: tf.Tensor, x_recon: tf.Tensor) -> tf.Tensor:
            loss = w_model * tf.reduce_mean(
                kl_divergence(self._classify(x), self._classify(x_recon))
            )
            return loss + w_recon * negative_elbo(x, x_recon) if is_weighted else loss

        options = TrainingOptions(
            optimizer, epochs, verbose, log_metric, callbacks, frozen=self.model
        )
        train(self.vae, loss_fn or matching_loss, batches, options)

    def infer_threshold(
        self, X: np.ndarray, threshold_perc: float = 95.0, batch_size: float = 1e10
    ) -> None:
        """Sets the threshold to a percentile of the scores of X.

        Args:
            X: Rows [row, ...].
            threshold_perc: The percentile, in [0, 100].
            batch_size: Most rows at once.
        """
        self._set_threshold(self.score(X, batch_size), threshold_perc)

    def score(self, X: np.ndarray, batch_size: float = 1e10) -> np.ndarray:
        """Scores of rows, float32 [row]; higher = more anomalous.

        Args:
            X: Rows [row, ...].
            batch_size: Most rows at once; memory is bounded without it.
        """
        checked_number("batch_size", batch_size, at_least=1)
        chunks = self._compiled.chunks(
            self._rows(X, self.vae),
            self.vae,
            batch_size=batch_size,
            state=(self.model,),
            samples=self.samples,
            seed=self.seed,
        )
        return np.concatenate([scores for (scores,) in chunks])

    def predict(
        self, X: np.ndarray, return_instance_score: bool = True, batch_size: float = 1e10
    ) -> dict[str, Any]:
        """Flags rows.

        Args:
            X: Rows [row, ...].
            return_instance_score: Whether to return the scores; if not, None takes their place.
            batch_size: Most rows at once.

        Returns:
            {"meta": ..., "data": {"instance_score": float [row], "is_adversarial": int64 [row], 1
            above the threshold, else 0}}.

        Raises:
            ArgumentError: There is no threshold.
        """
        self._require_threshold()
        return self._flagged(self.score(X, batch_size), return_instance_score)

    def _reconstructions(self, x: tf.Tensor, *noise: tf.Tensor) -> tf.Tensor:
        return reconstructions(self.vae, x, self.samples, *noise)

    def _score_rows(
        self, reconstruct: Callable, x: tf.Tensor, *noise: tf.Tensor
    ) -> tuple[tf.Tensor]:
        y = tf.repeat(self._classify(x), self.samples, axis=0)  # [row * sample, class]
        y_recon = self._classify(reconstruct(x, *noise))
        by_sample = tf.reshape(kl_divergence(y, y_recon), [-1, self.samples])
        return (tf.reduce_mean(by_sample, axis=1),)

    def _classify(self, x: tf.Tensor) -> tf.Tensor:
        return self.model(tf.cast(x, self.model.compute_dtype))
