"""Shares of a score's rise from one row to another among the features."""

from collections.abc import Callable

import tensorflow as tf

STEPS = 32  # points of the straight line at which the gradient is taken


def integrated_gradients(
    score: Callable[[tf.Tensor], tf.Tensor], rows: tf.Tensor, normal: tf.Tensor
) -> tf.Tensor:
    """(x - x0) times the mean gradient on the way from x0 to x: [row, feature].

    Sundararajan et al. 2017, https://arxiv.org/abs/1703.01365. The sum over the features is
    score(x) - score(x0) exactly: what the finite number of steps leaves is shared out in proportion
    to the contributions' sizes.

    Args:
        score: Differentiable function from rows [row, feature] to scores [row].
        rows: x [row, feature].
        normal: x0 [row, feature].
    """
    way = rows - normal

    def gradient(share: tf.Tensor) -> tf.Tensor:
        at = normal + share * way
        with tf.GradientTape() as tape:
            tape.watch(at)
            total = tf.reduce_sum(score(at))
        return tape.gradient(total, at)

    shares = (tf.range(STEPS, dtype=rows.dtype) + 0.5) / STEPS
    contributions = way * tf.reduce_mean(tf.map_fn(gradient, shares), axis=0)
    missing = score(rows) - score(normal) - tf.reduce_sum(contributions, axis=1)
    sizes = tf.abs(contributions)
    total = tf.reduce_sum(sizes, axis=1, keepdims=True)
    return contributions + missing[:, tf.newaxis] * tf.math.divide_no_nan(sizes, total)
