"""SqueezeNet has the shapes of the file of its weights."""

import numpy as np
import pytest

from vae_wgan.features.feature_network import FeatureNetwork
from vae_wgan.features.pretrained import load_network
from vae_wgan.features.squeezenet import squeezenet
from vae_wgan.settings.features_settings import FeaturesSettings


def test_sides_and_channels_are_those_of_the_paper():
    shapes = {
        layer.name: layer.compute_output_shape((None, 56, 56, 3))
        for layer in squeezenet().layers
        if layer.name == "conv1"
    }
    assert shapes == {"conv1": (None, 27, 27, 64)}
    assert squeezenet().compute_output_shape((1, 224, 224, 3)) == (1, 13, 13, 512)
    assert sum(weights.size for weights in squeezenet().get_weights()) == 722_496


def test_its_weights_tell_an_edge_from_a_grey_picture(shared_data):
    path = shared_data / "squeezenet_imagenet_notop.h5"
    if not path.exists():
        pytest.skip("no weights")
    settings = FeaturesSettings(features=str(path))
    assert load_network(settings).count_params() == 722_496 and not load_network(settings).trainable
    network = FeatureNetwork(settings, (96, 96, 1))
    images = np.full((2, 96, 96, 1), 0.5, np.float32)
    images[1, :, 48:] = 1
    maps = network(images).maps.astype(np.float32)
    change = np.abs(maps[1] - maps[0]).mean(axis=(0, 2))
    assert maps.shape[-1] == 256 and change[len(change) // 2] > 2 * change[0] + 0.1
