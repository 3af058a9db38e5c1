"""A small Keras network with weights that are always the same, as a pretrained one."""

from pathlib import Path

import numpy as np


def write_small_network(path: Path, seed: int = 0) -> Path:
    """Two convolutions with outputs of 1/4 and 1/8 of a picture's side, saved to a file."""
    import tensorflow as tf

    layers = tf.keras.layers
    pictures = layers.Input((None, None, 3))
    values = layers.Conv2D(6, 5, strides=4, padding="same", activation="relu", name="a")(pictures)
    values = layers.Conv2D(8, 3, strides=2, padding="same", activation="relu", name="b")(values)
    model = tf.keras.Model(pictures, values, name="small")
    draw = np.random.default_rng(seed)
    model.set_weights([draw.normal(0, 0.3, part.shape) for part in model.get_weights()])
    model.save(path)
    return path
