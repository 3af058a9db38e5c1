import numpy as np
import pytest

from tools.run.seeds import seed_stream
from vae_wgan.denoiser.unet import unet


def small(shape, base_depth=3):
    options = {"base_depth": base_depth, "activation": "silu", "next_seed": seed_stream(0)}
    return unet(shape, blocks=1, name="small", **options)


@pytest.mark.parametrize("shape", [(28, 28, 1), (17, 23, 3), (8, 8, 1)])
def test_images_keep_their_size_and_the_output_starts_at_zero(shape):
    images = np.random.default_rng(0).normal(size=(2, *shape)).astype(np.float32)
    found = small(shape)([images, np.array([0.1, -1], np.float32)])
    np.testing.assert_array_equal(found, np.zeros((2, *shape)))


def test_a_network_sees_the_noise_level_and_all_of_a_small_image():
    network = small((16, 16, 1), base_depth=8)
    random = np.random.default_rng(0)
    for variable in network.trainable_variables:
        variable.assign(variable + random.normal(size=variable.shape, scale=0.1))
    images = random.normal(size=(1, 16, 16, 1)).astype(np.float32)
    before = network([images, np.array([0.1], np.float32)]).numpy()
    assert np.abs(network([images, np.array([0.5], np.float32)]) - before).max() > 1e-4
    images[0, 0, 0] += 1
    assert np.abs(network([images, np.array([0.1], np.float32)]) - before)[0, -1, -1] > 0
