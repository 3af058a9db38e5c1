"""Features are computed once and lie in files of their network and pictures."""

import numpy as np

from vae_wgan.features.feature_network import Features
from vae_wgan.features.feature_store import FeatureStore


def corners(images):
    return images[:, :2, :2].astype(np.float16)


class CountingNetwork:
    """Stands for a network: the pictures' corners, and their means."""

    maps_shape, digest = (2, 2, 1), "d"

    def __init__(self):
        self.calls = 0

    def __call__(self, images):
        self.calls += 1
        return Features(corners(images), images.mean(axis=(1, 2)))


IMAGES = np.random.default_rng(0).random((20, 4, 4, 1), np.float32)


def test_files_hold_what_memory_holds_and_are_read_again(tmp_path):
    network = CountingNetwork()
    in_memory = FeatureStore(network, None).features(IMAGES)
    on_disk = FeatureStore(network, tmp_path).features(IMAGES)
    for found, wanted in zip(on_disk, in_memory, strict=True):
        np.testing.assert_array_equal(found, wanted)
        assert isinstance(found, np.memmap) and found.dtype == wanted.dtype
    calls = network.calls
    again = FeatureStore(network, tmp_path).features(IMAGES.copy())
    np.testing.assert_array_equal(again.maps, in_memory.maps)
    assert network.calls == calls and len([*tmp_path.iterdir()]) == 2


def test_other_pictures_and_networks_have_other_files(tmp_path):
    network = CountingNetwork()
    store = FeatureStore(network, tmp_path)
    store.features(IMAGES)
    np.testing.assert_array_equal(store.features(IMAGES[:3]).maps, corners(IMAGES[:3]))
    network.digest = "e"
    FeatureStore(network, tmp_path).features(IMAGES)
    assert len([*tmp_path.iterdir()]) == 6
