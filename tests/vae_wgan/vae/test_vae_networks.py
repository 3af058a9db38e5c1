import itertools

import numpy as np
import pytest
import tensorflow as tf

from vae_wgan.vae.vae_networks import decoder_network, encoder_network


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


def test_encoder_sees_images_between_minus_one_and_one():
    encoder = encoder_network(
        (28, 28, 1), latent_size=2, base_depth=1, activation="relu", next_seed=seeds()
    )
    rescaled = encoder.layers[0](np.array([0.0, 0.25, 1.0], np.float32))
    np.testing.assert_allclose(rescaled, [-1, -0.5, 1])
