"""AdversarialVAE: an attack is what a classifier sees differently in a VAE's reconstructions."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from anomaly.machinery.adversarial_base import AdversarialDetector
from anomaly.machinery.detector_chunks import CompiledRows
from anomaly.machinery.detector_input import checked_count, checked_number
from anomaly.machinery.detector_losses import checked_cov_elbo, fitted_elbo, kl_divergence
from anomaly.machinery.detector_networks import VariationalAutoEncoder, chosen_autoencoder
from anomaly.machinery.detector_training import TrainingOptions, train
from anomaly.machinery.vae_sampling import Sampling, sampled_chunks, sampled_reconstructions


class AdversarialVAE(AdversarialDetector):
    """Scores a row by the mean of KL(model(x) || model(x')) over `samples` draws of x' = vae(x).

    Args:
        threshold: Scores above it are flagged; None: `infer_threshold` sets it.
        vae: A whole Keras model from rows to reconstructions of the same shape; or
        model: Classifier from rows to class probabilities; its layers become untrainable.
        encoder_net: tf.keras.Sequential from rows to features of any shape, and
        decoder_net: tf.keras.Sequential from codes [row, latent_dim] to rows.
        latent_dim: Numbers in a code.
        samples: Reconstructions drawn for each row.
        beta: Weight of the latent loss, in training.
        data_type: What the rows are, a word for `meta`.
        seed: Makes first weights of the latent layers, training and scores repeatable; the noise
            of a row then depends on the seed and the row's number only. None: new draws each time.

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
        self.seed = None if seed is None else checked_count("seed", seed, at_least=0)
        parts = {"encoder_net": encoder_net, "decoder_net": decoder_net}
        parts |= {"latent_dim": latent_dim, "beta": beta, "seed": self.seed}
        self.vae = chosen_autoencoder("vae", vae, VariationalAutoEncoder, parts)
        super().__init__(threshold, model, data_type)
        self._compiled = CompiledRows(self._score_rows, self._call)

    def get_config(self) -> dict[str, Any]:
        """The state beside the networks, in the types of JSON."""
        return {name: getattr(self, name) for name in ("threshold", "samples", "seed")}

    def networks(self) -> dict[str, tf.keras.Model]:
        """The VAE and the classifier."""
        return {"vae": self.vae, "model": self.model}

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
            X: Array [row, ...], tf.data.Dataset, generator, or function that returns one.
            loss_fn: Of rows and reconstructions, to which the latent loss is added, in place of
                the first two terms; None: these.
            w_model: Weight of the predictions' divergence.
            w_recon: Weight of the reconstruction's likelihood.
            optimizer: Keras optimizer or its class.
            cov_elbo: Covariance of the likelihood: {"sim": standard deviation}; {"cov_diag": None}
                or {"cov_full": None} takes it from X. None: {"sim": 0.05}.
            epochs: Times that all rows are seen.
            batch_size: Rows in a step.
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

        options = TrainingOptions(optimizer, epochs, verbose, log_metric, callbacks)
        train(self.vae, loss_fn or matching_loss, batches, options)

    def infer_threshold(
        self, X: np.ndarray, threshold_perc: float = 95.0, batch_size: float = 1e10
    ) -> None:
        """Sets the threshold: that below which `threshold_perc` percent of the scores of X lie."""
        self._set_threshold(self.score(X, batch_size), threshold_perc)

    def score(self, X: np.ndarray, batch_size: float = 1e10) -> np.ndarray:
        """Scores of rows, float32 [row]; higher = more anomalous.

        Args:
            X: [row, ...].
            batch_size: Most rows at once; memory is bounded without it.
        """
        checked_number("batch_size", batch_size, at_least=1)
        chunks = sampled_chunks(
            self._compiled,
            self._rows(X, self.vae),
            Sampling(self.vae, self.samples, self.seed),
            batch_size=batch_size,
            state=(self.model,),
        )
        return np.concatenate([scores for (scores,) in chunks])

    def predict(
        self, X: np.ndarray, return_instance_score: bool = True, batch_size: float = 1e10
    ) -> dict[str, Any]:
        """Flags rows.

        Args:
            X: [row, ...].
            return_instance_score: Whether to return the score; None takes its place.
            batch_size: As of `score`.

        Returns:
            meta, and data: instance_score; is_adversarial, 1 above the threshold, else 0.

        Raises:
            ArgumentError: There is no threshold.
        """
        self._require_threshold()
        return self._flagged(self.score(X, batch_size), return_instance_score)

    def _call(self, x: tf.Tensor, *noise: tf.Tensor) -> tf.Tensor:
        return sampled_reconstructions(self.vae, x, self.samples, *noise)

    def _score_rows(self, call: Callable, x: tf.Tensor, *noise: tf.Tensor) -> tuple[tf.Tensor]:
        y = tf.repeat(self._classify(x), self.samples, axis=0)  # [row * sample, class]
        y_recon = self._classify(call(x, *noise))
        by_sample = tf.reshape(kl_divergence(y, y_recon), [-1, self.samples])
        return (tf.reduce_mean(by_sample, axis=1),)

    def _classify(self, x: tf.Tensor) -> tf.Tensor:
        return self.model(tf.cast(x, self.model.compute_dtype), training=False)
