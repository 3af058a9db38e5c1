import itertools

import numpy as np
import pytest
import tensorflow as tf

from vae_wgan.wgan.dcgan_networks import dcgan_critic, dcgan_generator


def options():
    counter = itertools.count()
    activation = {"latent_size": 3, "base_depth": 2, "activation": "relu"}
    return activation | {"next_seed": lambda: next(counter)}


@pytest.mark.parametrize("image_shape", [(28, 28, 1), (32, 32, 3)])
def test_sides_are_halved_and_doubled_twice(image_shape):
    side, _, channels = image_shape
    critic = dcgan_critic(image_shape, **options())
    found = [layer.output.shape[1:] for layer in critic.layers if "convolution" in layer.name]
    assert found == [(side // 2, side // 2, 2), (side // 4, side // 4, 4)]
    assert critic.output_shape == (None, 1)
    generator = dcgan_generator(image_shape, **options())
    found = [layer.output.shape[1:] for layer in generator.layers if "norm" in layer.name]
    assert found == [(side // 4, side // 4, 4), (side // 2, side // 2, 2)]
    assert generator.output_shape == (None, side, side, channels)


def test_networks_for_larger_images_are_deeper():
    critic = dcgan_critic((128, 128, 3), **options())
    assert [layer.output.shape[1] for layer in critic.layers if "halved" in layer.name] == [16, 8]
    generator = dcgan_generator((128, 128, 3), **options())
    assert generator.layers[0].units == 8 * 8 * 4
    assert generator.output_shape == (None, 128, 128, 3)


def test_the_generator_is_that_of_keras_own_layers():
    generator = dcgan_generator((28, 28, 1), **options())
    dense, first, upsampling, second, logits = (
        generator.get_layer(name).get_weights()
        for name in ("seed", "normalization0", "transposed0", "normalization1", "logits")
    )
    z = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)

    def normalized(values, gamma, beta):
        mean, variance = values.mean(-1, keepdims=True), values.var(-1, keepdims=True)
        return np.maximum((values - mean) / np.sqrt(variance + 1e-3) * gamma + beta, 0)

    def transposed(values, kernel, bias):
        shape = [len(values), 2 * values.shape[1], 2 * values.shape[2], kernel.shape[2]]
        return tf.nn.conv2d_transpose(values, kernel, shape, 2, "SAME").numpy() + bias

    values = normalized((z @ dense[0] + dense[1]).reshape(5, 7, 7, 4), *first)
    values = normalized(transposed(values, *upsampling), *second)
    np.testing.assert_allclose(generator(z), transposed(values, *logits), rtol=1e-4, atol=1e-5)


def test_the_critic_sees_images_between_minus_one_and_one():
    critic = dcgan_critic((28, 28, 1), **options())
    np.testing.assert_allclose(critic.layers[0](np.array([0.0, 0.5, 1.0])), [-1, 0, 1])
