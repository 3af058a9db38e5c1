"""Activations of critics: Keras's numbers, and no zeros sent backwards through the layers."""

import numpy as np
import pytest
import tensorflow as tf

from vae_wgan.layers.activations import SLOPES, PiecewiseLinearActivation
from vae_wgan.wgan.wgan import gradient_penalty

layers = tf.keras.layers
VALUES = np.array([[-3, -1e-8, -0.0, 0, 1e-8, 0.5, 7]], np.float32)


@pytest.mark.parametrize("name", [*SLOPES, "silu"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_values_and_slopes_are_those_of_keras(name, dtype):
    found = []
    for layer in (
        PiecewiseLinearActivation(name, dtype=dtype),
        layers.Activation(name, dtype=dtype),
    ):
        with tf.GradientTape() as tape:
            x = tf.Variable(VALUES)
            y = layer(x)
        assert y.dtype == dtype
        found.append((y.numpy(), tape.gradient(y, x).numpy()))
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def critic(activation):
    tf.keras.utils.set_random_seed(0)
    return tf.keras.Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Conv2D(3, 3, strides=2),
            activation("leaky_relu"),
            layers.Conv2D(3, 3),
            activation("leaky_relu"),
            layers.Flatten(),
            layers.Dense(1),
        ]
    )


def penalty_gradients(network):
    """The graph of the gradient of a critic's penalty, and its values by the kernels."""
    rng = np.random.default_rng(0)
    real, fake = rng.random((2, 4, 8, 8, 1), np.float32)
    kernels = [weight for weight in network.trainable_variables if "kernel" in weight.path]

    @tf.function
    def gradients():
        with tf.GradientTape() as tape:
            loss = gradient_penalty(lambda x: network(x)[:, 0], real, fake, tf.fill([4], 0.3))
        return tape.gradient(loss, kernels)

    return gradients.get_concrete_function().graph, [g.numpy() for g in gradients()]


def test_a_penalty_has_the_same_gradient_by_a_shorter_way():
    (short, ours), (long, theirs) = map(
        penalty_gradients, map(critic, (PiecewiseLinearActivation, layers.Activation))
    )
    for one, other in zip(ours, theirs, strict=True):
        assert np.abs(one).max() > 0
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)
    short_way, long_way = (
        sum(op.type == "Conv2DBackpropFilter" for op in graph.get_operations())
        for graph in (short, long)
    )
    assert short_way == long_way - 2  # of the two kernels, by the zeros
