"""Distributions p(x|z) over images x in [0, 1], given the decoder's outputs."""

from collections.abc import Callable

import numpy as np
import scipy.optimize
import tensorflow as tf
import tensorflow_probability as tfp

tfd = tfp.distributions

# Log of one level, 1 / 255, the least scale of a discretized logistic. On a constant region the
# scale falls to its floor; there a value that is off by d costs d / scale nats, and the gradient is
# 1 / scale: with a quarter of a level, 1,100 nats for a pixel, trainings diverged. A floor of one
# level costs 1.2 nats of a pixel that is predicted exactly, and nothing of a black or white one.
LEAST_LOG_SCALE = -float(np.log(255))


def bernoulli(logits: tf.Tensor) -> tfd.Distribution:
    """Bernoulli on grey values: sum of x log p + (1 - x) log(1 - p), in nats per image.

    The 2018 code uses it. On values between 0 and 1 it is not a normalized density, so likelihoods
    of different images are not strictly comparable; `continuous_bernoulli` is normalized.
    """
    # float32: with the default, int32, grey values from NumPy are truncated to 0.
    pixels = tfd.Bernoulli(logits=logits, dtype=tf.float32)
    return tfd.Independent(pixels, reinterpreted_batch_ndims=3)


def continuous_bernoulli(logits: tf.Tensor) -> tfd.Distribution:
    """Continuous Bernoulli: `bernoulli` normalized to a density on [0, 1], in nats per image.

    Loaiza-Ganem and Cunningham 2019, https://arxiv.org/abs/1907.06845.
    """
    return tfd.Independent(tfd.ContinuousBernoulli(logits=logits), reinterpreted_batch_ndims=3)


class DiscretizedLogistic(tfd.Logistic):
    """Probability that a logistic variable, rounded to the nearest k / 255, is x: 256 values.

    The levels 0 and 1 take the tails, so the probabilities sum to one. Salimans et al. 2017,
    https://arxiv.org/abs/1701.05517. The mean is the logistic's location, clipped to [0, 1].
    """

    def _log_prob(self, x: tf.Tensor) -> tf.Tensor:
        level = tf.round(255 * x)
        below, above = (((level + side) / 255 - self.loc) / self.scale for side in (-0.5, 0.5))
        # log(sigmoid(above) - sigmoid(below)) without cancellation where both are near 0 or near 1.
        # Level 0 has no lower end, level 255 no upper one.
        log_below = tf.where(level > 0, -tf.nn.softplus(below), 0.0)
        log_above = tf.where(level < 255, -tf.nn.softplus(-above), 0.0)
        log_width = tfp.math.log1mexp(above - below)
        is_inside = (level > 0) & (level < 255)
        return log_below + log_above + tf.where(is_inside, log_width, 0.0)

    def _mean(self) -> tf.Tensor:
        return tf.clip_by_value(self.loc, 0.0, 1.0)


def discretized_logistic(outputs: tf.Tensor) -> tfd.Distribution:
    """Discretized logistic over 256 levels per pixel and channel, nats per image; normalized.

    Args:
        outputs: [..., height, width, 2 * channel]: locations, then log scales.
    """
    loc, log_scale = tf.split(outputs, 2, axis=-1)
    # Outputs of 0 mean location 0.5 and scale e**-2.
    scale = tf.exp(tf.maximum(log_scale - 2, LEAST_LOG_SCALE))
    return tfd.Independent(DiscretizedLogistic(loc + 0.5, scale), reinterpreted_batch_ndims=3)


LIKELIHOODS: dict[str, Callable[[tf.Tensor], tfd.Distribution]] = {
    "bernoulli": bernoulli,
    "continuous_bernoulli": continuous_bernoulli,
    "discretized_logistic": discretized_logistic,
}
# Number of decoder outputs per pixel and channel.
OUTPUTS_PER_CHANNEL = {"bernoulli": 1, "continuous_bernoulli": 1, "discretized_logistic": 2}


def outputs_at(likelihood: str, colour: np.ndarray) -> np.ndarray:
    """Decoder outputs of one pixel at which the mean of p(x|z) is this colour.

    Args:
        likelihood: Key of LIKELIHOODS.
        colour: [channel] in [0, 1]; clipped to [0.01, 0.99].

    Returns:
        [outputs per channel * channel]; second outputs, such as log scales, are 0.
    """
    others = [0.0] * (OUTPUTS_PER_CHANNEL[likelihood] - 1)

    def excess(output: float, target: float) -> float:
        outputs = tf.constant([output, *others], tf.float64, shape=[1, 1, 1 + len(others)])
        return LIKELIHOODS[likelihood](outputs).mean().numpy().item() - target

    targets = np.clip(colour, 0.01, 0.99)
    first = [scipy.optimize.brentq(excess, -200, 200, args=(target,)) for target in targets]
    return np.array(first + len(first) * others)
