"""A model whose likelihood is known."""

import tensorflow as tf
import tensorflow_probability as tfp

tfd = tfp.distributions


class LinearGaussian:
    """x = z + noise, z ~ N(0, 1): p(x) = N(0, 2) and p(z|x) = N(x / 2, 1 / 2) in closed form.

    Args:
        posterior_scale: Standard deviation of q(z|x); the default is that of p(z|x).
        shift: How far its mean is off.
    """

    def __init__(self, posterior_scale=0.5**0.5, shift=0.0):
        self.posterior_scale, self.shift = posterior_scale, shift

    def encode(self, x):
        """q(z|x)."""
        scale = self.posterior_scale * tf.ones_like(x)
        return tfd.MultivariateNormalDiag(x / 2 + self.shift, scale)

    def decode(self, z):
        """p(x|z)."""
        return tfd.MultivariateNormalDiag(z, tf.ones_like(z))

    def prior(self):
        """p(z)."""
        return tfd.MultivariateNormalDiag(tf.zeros(2, tf.float64))
