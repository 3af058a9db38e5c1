"""Noise on training images that leaves a model only the background to learn."""

import tensorflow as tf


def replace_pixels(images: tf.Tensor, share: float, seed: tf.Tensor) -> tf.Tensor:
    """Images in which each value is replaced, with a probability, by one of 256 grey levels.

    The mutations of Ren et al. 2019, https://arxiv.org/abs/1906.02845. The new values are uniform
    on 0, 1/255, ..., 1; in colour each channel is on its own.

    Args:
        images: [image, height, width, channel] in [0, 1].
        share: The probability.
        seed: Pair of ints; draws where and what.
    """
    where, what = tf.unstack(tf.random.split(seed, 2))
    is_replaced = tf.random.stateless_uniform(tf.shape(images), where) < share
    levels = tf.floor(256 * tf.random.stateless_uniform(tf.shape(images), what)) / 255
    return tf.where(is_replaced, levels, images)
