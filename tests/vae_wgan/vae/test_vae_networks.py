import itertools

import numpy as np
import pytest
import tensorflow as tf

from vae_wgan.vae.vae_networks import (
    decoder_network,
    encoder_network,
    halvings,
    images_at_once,
)


def seeds():
    return itertools.count().__next__


@pytest.mark.parametrize("image_shape", [(28, 28, 1), (32, 32, 3)])
def test_shapes_and_activation(image_shape):
    options = {"latent_size": 5, "base_depth": 3, "activation": "relu"}
    encoder = encoder_network(image_shape, next_seed=seeds(), **options)
    decoder = decoder_network(image_shape, next_seed=seeds(), **options)
    assert encoder.output_shape == (None, 10)
    assert decoder.output_shape == (None, *image_shape)
    for network, convolutions in ((encoder, 5), (decoder, 6)):
        named = [
            layer.activation for layer in network.layers if layer.name.startswith("activation")
        ]
        assert named == [tf.keras.activations.relu] * convolutions


@pytest.mark.parametrize(
    ("side", "count"), [(28, 0), (52, 0), (56, 1), (60, 0), (64, 1), (104, 1), (128, 2), (224, 3)]
)
def test_networks_for_larger_images_are_deeper_and_hardly_larger(side, count):
    assert halvings(side) == count
    options = {"latent_size": 5, "base_depth": 3, "activation": "relu"}
    encoder = encoder_network((side, side, 3), next_seed=seeds(), **options)
    decoder = decoder_network((side, side, 3), next_seed=seeds(), **options)
    assert decoder.output_shape == (None, side, side, 3)
    convolutions = sum(layer.name.startswith(("conv", "halved")) for layer in encoder.layers)
    assert convolutions == 5 + count
    if count:
        assert max(encoder.count_params(), decoder.count_params()) < 20_000


def test_memory_of_a_call_does_not_grow_with_the_images():
    sides = (28, 32, 64, 224)
    assert [images_at_once(64, (side, side, 1)) for side in sides] == [64, 64, 16, 1]


def test_encoder_sees_images_between_minus_one_and_one():
    encoder = encoder_network(
        (28, 28, 1), latent_size=2, base_depth=1, activation="relu", next_seed=seeds()
    )
    rescaled = encoder.layers[0](np.array([0.0, 0.25, 1.0], np.float32))
    np.testing.assert_allclose(rescaled, [-1, -0.5, 1])
