"""Dense networks on the rows of a table: the VAE's encoder and decoder."""

from collections.abc import Callable, Sequence

import tensorflow as tf

from vae_wgan.vae.vae_networks import glorot

layers = tf.keras.layers


def dense_network(
    name: str,
    num_inputs: int,
    num_outputs: int,
    *,
    hidden_units: Sequence[int],
    activation: str,
    next_seed: Callable[[], int],
) -> tf.keras.Model:
    """Dense network from [row, num_inputs] to [row, num_outputs] with a linear last layer.

    Without hidden units it is one linear layer.
    """

    def dense(layer_name: str, units: int, function: str | None = None) -> layers.Layer:
        initializer = glorot(next_seed)
        return layers.Dense(units, function, kernel_initializer=initializer, name=layer_name)

    return tf.keras.Sequential(
        [
            layers.Input((num_inputs,)),
            *(dense(f"dense{i}", units, activation) for i, units in enumerate(hidden_units)),
            dense("outputs", num_outputs),
        ],
        name=name,
    )


def compressed(features: tf.Tensor) -> tf.Tensor:
    """The features' inverse hyperbolic sine: nearly linear at 0, logarithmic in the tails.

    It keeps a network's outputs from growing linearly with features far out in a tail.
    """
    return tf.asinh(features)
