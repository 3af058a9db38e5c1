"""Distributions p(x|z) over the features of a row, given the decoder's outputs."""

import tensorflow as tf
import tensorflow_probability as tfp

from vae_wgan.vae.priors import positive_scale

tfd = tfp.distributions
LOWEST_SCALE = 1e-3  # on standardized features; it bounds the density
LOWEST_DEGREES_OF_FREEDOM = 0.5  # tails heavier than Cauchy's, which has 1


def degrees_of_freedom(raw: tf.Tensor) -> tf.Tensor:
    """Degrees of freedom of Student's t, above LOWEST_DEGREES_OF_FREEDOM."""
    return LOWEST_DEGREES_OF_FREEDOM + tf.nn.softplus(raw)


class BernoulliFeatures(tf.keras.layers.Layer):
    """x log p + (1 - x) log(1 - p) per feature, as in 2018, for comparison.

    It is not a density on real numbers: on standardized features, which lie far outside [0, 1], it
    is a linear score.
    """

    outputs_per_feature = 1

    def distribution(self, outputs: tf.Tensor) -> tfd.Distribution:
        """p(x|z), event [feature], for decoder outputs [..., feature, 1]."""
        # float32: with the default, int32, values are truncated.
        return tfd.Independent(tfd.Bernoulli(logits=outputs[..., 0], dtype=tf.float32), 1)


class GaussianFeatures(tf.keras.layers.Layer):
    """A normal distribution per feature; the decoder outputs mean and raw scale."""

    outputs_per_feature = 2

    def distribution(self, outputs: tf.Tensor) -> tfd.Distribution:
        """p(x|z), event [feature], for decoder outputs [..., feature, 2]."""
        return tfd.Independent(tfd.Normal(*_loc_and_scale(outputs)), 1)


class StudentTFeatures(tf.keras.layers.Layer):
    """Student's t per feature, which allows for heavy tails.

    The decoder outputs location and raw scale. The degrees of freedom are one weight per feature.
    """

    outputs_per_feature = 2

    def __init__(self, num_features: int):
        """Makes one weight per feature."""
        super().__init__(name="student_t")
        self.raw_dof = self.add_weight((num_features,), "ones", name="raw_dof")
        self.built = True

    def distribution(self, outputs: tf.Tensor) -> tfd.Distribution:
        """p(x|z), event [feature], for decoder outputs [..., feature, 2]."""
        dof = degrees_of_freedom(self.raw_dof)
        return tfd.Independent(tfd.StudentT(dof, *_loc_and_scale(outputs)), 1)


def feature_likelihood(name: str, num_features: int) -> tf.keras.layers.Layer:
    """A new likelihood layer by name: bernoulli, gaussian or student_t."""
    if name == "student_t":
        return StudentTFeatures(num_features)
    return {"bernoulli": BernoulliFeatures, "gaussian": GaussianFeatures}[name](name=name)


def _loc_and_scale(outputs: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    loc, raw_scale = tf.unstack(outputs, axis=-1)
    return loc, LOWEST_SCALE + positive_scale(raw_scale)
