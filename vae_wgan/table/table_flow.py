"""Masked autoregressive flow on the features of a table: models p(x) without latent codes."""

import tensorflow as tf
import tensorflow_probability as tfp

from vae_wgan.settings.table_settings import TableSettings
from vae_wgan.table.table_likelihoods import degrees_of_freedom
from vae_wgan.table.table_networks import compressed
from vae_wgan.vae.priors import FlowPrior

tfd = tfp.distributions


class TableFlow(tf.keras.Model):
    """Student's t with learned degrees of freedom, transformed by masked autoregressive flows.

    Papamakarios et al. 2017, https://arxiv.org/abs/1705.07057. The base has heavy tails because
    flows whose scales are bounded keep the base's kind of tail (Jaini et al. 2020,
    https://arxiv.org/abs/1907.04481).
    """

    def __init__(self, num_features: int, settings: TableSettings, *, seed: int):
        """Builds the flows with permutations and initial weights drawn from `seed`."""
        super().__init__(name="flow")
        self.flows = FlowPrior(
            num_features,
            n_flows=settings.flows,
            hidden_units=(settings.base_depth,) * settings.hidden_layers,
            activation=settings.activation,
            inputs=compressed,
            seed=seed,
        )
        self.raw_dof = self.add_weight((num_features,), "ones", name="raw_dof")
        self.built = True

    def distribution(self) -> tfd.Distribution:
        """p(x), event [feature]."""
        dof = degrees_of_freedom(self.raw_dof)
        base = tfd.Independent(tfd.StudentT(dof, 0.0, 1.0), 1)
        return tfd.TransformedDistribution(base, self.flows.bijector())

    def training_loss(self, rows: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Minus the log likelihood in nats, mean over rows [row, feature]; the seed is unused."""
        return -tf.reduce_mean(self.distribution().log_prob(rows))

    def scores(self, rows: tf.Tensor, noise: tf.Tensor) -> dict[str, tf.Tensor]:
        """Log likelihood in nats, [row]; higher = more normal. The noise is unused."""
        return {"log_likelihood": self.distribution().log_prob(rows)}
