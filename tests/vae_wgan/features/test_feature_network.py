"""Features of pictures by a small network whose weights the test makes."""

import numpy as np
import pytest
import tensorflow as tf

from input_errors import message_of
from small_network import write_small_network
from vae_wgan.features.feature_network import BATCH, FeatureNetwork
from vae_wgan.settings.features_settings import FeaturesSettings

SIDE = 96


@pytest.fixture(scope="module")
def network_path(tmp_path_factory):
    return write_small_network(tmp_path_factory.mktemp("network") / "small.keras")


def pictures(count, side=SIDE, channels=1):
    return np.random.default_rng(0).random((count, side, side, channels), np.float32)


def network(path, shape=(SIDE, SIDE, 1), **values):
    return FeatureNetwork(FeaturesSettings(features=str(path), **values), shape)


def test_maps_are_the_outputs_of_its_layers_at_one_grid(network_path):
    found = network(network_path)
    images = pictures(2)
    maps, pooled = found(images)
    assert found.maps_shape == maps.shape[1:] == (12, 12, 14)
    assert found.pooled_size == pooled.shape[1] == 28
    model = tf.keras.models.load_model(network_path)
    first = tf.keras.Model(model.input, model.get_layer("a").output)(np.repeat(images, 3, -1))
    last = model(np.repeat(images, 3, -1)).numpy()
    np.testing.assert_allclose(maps[..., 6:], last, rtol=2e-3, atol=1e-3)
    blocks = first.numpy().reshape(2, 12, 2, 12, 2, 6).mean(axis=(2, 4))
    np.testing.assert_allclose(maps[..., :6], blocks, rtol=2e-3, atol=1e-3)
    np.testing.assert_allclose(pooled[:, 6:14], last.mean(axis=(1, 2)), rtol=1e-4, atol=1e-5)


def test_features_do_not_depend_on_the_other_pictures(network_path):
    found = network(network_path)
    images = pictures(BATCH)
    maps, pooled = found(images)
    alone = found(images[3:4])
    np.testing.assert_array_equal(alone.maps[0], maps[3])
    np.testing.assert_array_equal(alone.pooled[0], pooled[3])


def test_small_pictures_are_enlarged_and_colours_are_taken(network_path):
    found = network(network_path, (32, 32, 3))
    maps, _ = found(pictures(1, 32, 3))
    assert maps.shape == (1, 12, 12, 14)


def test_layers_can_be_named_and_wrong_names_are_refused(network_path):
    assert network(network_path, feature_layers=("b",)).maps_shape == (12, 12, 8)
    message = message_of(network, network_path, feature_layers=("b", "c"))
    assert "--feature_layers=c" in message and "a, b" in message


def test_the_digest_is_that_of_weights_layers_and_scaling(network_path, tmp_path):
    other = write_small_network(tmp_path / "other.keras", seed=1)
    found = [
        network(network_path),
        network(network_path),
        network(other),
        network(network_path, feature_layers=("a",)),
        network(network_path, feature_scaling="bytes"),
    ]
    digests = [each.digest for each in found]
    assert digests[0] == digests[1] and len({*digests}) == 4
