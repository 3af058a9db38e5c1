"""Variational autoencoder on the rows of a table."""

from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp

from tools.run.seeds import seed_stream
from vae_wgan.settings.table_settings import TableSettings
from vae_wgan.table.table_likelihoods import feature_likelihood
from vae_wgan.table.table_networks import compressed, dense_network
from vae_wgan.vae.priors import make_prior, positive_scale
from vae_wgan.vae.vae import vae_loss, vae_scores

tfd = tfp.distributions
# Units of the hidden layers of a flow in the prior; few, since scoring evaluates every sample of z.
PRIOR_UNITS = (64, 64)


class TableVAE(tf.keras.Model):
    """A VAE seen through three distributions: `encode(rows)`, `decode(z)` and `prior()`.

    Axes are [sample, row, latent] for codes and [row, feature] for rows. Loss and scores are those
    of the VAE of images, in `vae_wgan.vae.vae`.
    """

    def __init__(self, num_features: int, settings: TableSettings, *, seed: int):
        """Builds the networks with initial weights drawn from `seed`."""
        super().__init__(name="vae")
        next_seed = seed_stream(seed)
        options: dict[str, Any] = {
            "hidden_units": (settings.base_depth,) * settings.hidden_layers,
            "activation": settings.activation,
            "next_seed": next_seed,
        }
        latent_size = settings.latent_size
        self.settings = settings
        self.likelihood = feature_likelihood(settings.likelihood, num_features)
        self.encoder = dense_network("encoder", num_features, 2 * latent_size, **options)
        num_outputs = num_features * self.likelihood.outputs_per_feature
        self.decoder = dense_network("decoder", latent_size, num_outputs, **options)
        self.prior_network = make_prior(
            latent_size,
            use_NF=settings.use_NF,
            n_flows=settings.flows,
            mixture_components=settings.mixture_components,
            hidden_units=PRIOR_UNITS,
            seed=next_seed(),
        )
        self.built = True

    def encode(self, rows: tf.Tensor) -> tfd.Distribution:
        """q(z|x), diagonal normal: batch [row], event [latent]."""
        inputs = compressed(rows) if self.settings.hidden_layers else rows
        loc, raw_scale = tf.split(self.encoder(inputs), 2, axis=-1)
        return tfd.MultivariateNormalDiag(loc, positive_scale(raw_scale))

    def decode(self, z: tf.Tensor) -> tfd.Distribution:
        """p(x|z) for codes [..., latent]: batch [...], event [feature]."""
        outputs = self.decoder(tf.reshape(z, [-1, z.shape[-1]]))
        per_feature = [-1, self.likelihood.outputs_per_feature]
        shape = tf.concat([tf.shape(z)[:-1], per_feature], 0)
        return self.likelihood.distribution(tf.reshape(outputs, shape))

    def prior(self) -> tfd.Distribution:
        """p(z), event [latent]."""
        return self.prior_network.distribution()

    def training_loss(self, rows: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """The loss beta * rate + distortion, mean over rows and samples, in nats.

        Args:
            rows: [row, feature].
            seed: int [2]; seed of the noise of z.
        """
        shape = [self.settings.train_samples, rows.shape[0], self.settings.latent_size]
        return vae_loss(
            self,
            rows,
            tf.random.stateless_normal(shape, seed),
            beta=self.settings.beta,
            analytic_kl=self.settings.analytic_kl,
        )[0]

    def scores(self, rows: tf.Tensor, noise: tf.Tensor) -> dict[str, tf.Tensor]:
        """The quantities of `vae_scores`, each [row]; the noise is [sample, row or 1, latent]."""
        return vae_scores(self, rows, noise, self.settings.analytic_kl)
