"""Distributions p(x|z) over grey images x in [0, 1], made from the decoder's logits."""

from collections.abc import Callable

import tensorflow as tf
import tensorflow_probability as tfp

tfd = tfp.distributions


def bernoulli(logits: tf.Tensor) -> tfd.Distribution:
    """Bernoulli on grey values: sum of x log p + (1 - x) log(1 - p), in nats per image.

    What the 2018 code uses. On values between 0 and 1 it is no normalized density, so likelihoods
    of different images are not strictly comparable; `continuous_bernoulli` is proper.
    """
    # Of a floating type: the default, int32, cuts grey values off to 0 where they come from NumPy.
    pixels = tfd.Bernoulli(logits=logits, dtype=tf.float32)
    return tfd.Independent(pixels, reinterpreted_batch_ndims=3)


def continuous_bernoulli(logits: tf.Tensor) -> tfd.Distribution:
    """The normalized density on [0, 1] of that shape, in nats per image.

    Loaiza-Ganem and Cunningham 2019, https://arxiv.org/abs/1907.06845.
    """
    return tfd.Independent(tfd.ContinuousBernoulli(logits=logits), reinterpreted_batch_ndims=3)


LIKELIHOODS: dict[str, Callable[[tf.Tensor], tfd.Distribution]] = {
    "bernoulli": bernoulli,
    "continuous_bernoulli": continuous_bernoulli,
}
