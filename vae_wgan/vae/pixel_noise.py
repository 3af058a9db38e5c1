"""Pixel noise on training images, from which a model learns only the background."""

import tensorflow as tf


def replace_pixels(images: tf.Tensor, share: float, seed: tf.Tensor) -> tf.Tensor:
    """Replaces each value, with a given probability, by a random grey level.

    The mutations of Ren et al. 2019, https://arxiv.org/abs/1906.02845. The new values are uniform
    on 0, 1/255, ..., 1; colour channels are drawn independently.

    Args:
        images: [image, height, width, channel] in [0, 1].
        share: Probability that a value is replaced.
        seed: int [2]; draws positions and new values.
    """
    where, what = tf.unstack(tf.random.split(seed, 2))
    is_replaced = tf.random.stateless_uniform(tf.shape(images), where) < share
    levels = tf.floor(256 * tf.random.stateless_uniform(tf.shape(images), what)) / 255
    return tf.where(is_replaced, levels, images)
