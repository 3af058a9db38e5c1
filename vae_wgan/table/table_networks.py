"""The dense encoder and decoder of the VAE on rows of a table."""

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
    """Network of dense layers from [row, num_inputs] to [row, num_outputs]; linear at the end.

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
    """The features' asinh: about themselves near 0, their signed logarithm far away.

    A network that sees heavy tails like this does not shoot off linearly on the rows far out.
    """
    return tf.asinh(features)
