"""Flags of features_run.py: the network is named by a word or a file, and kept."""

import dataclasses

import h5py
import pytest

from input_errors import message_of
from vae_wgan.settings.features_settings import FeaturesSettings


def weights_file(path, *names):
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [name.encode() for name in names]
    return str(path)


def test_a_named_network_is_kept_by_its_name_and_a_file_by_its_content(tmp_path):
    assert FeaturesSettings().feature_network == "mobilenet_v2"
    path = weights_file(tmp_path / "a.h5", "fire9/expand3x3")
    settings = FeaturesSettings(features=path)
    assert settings.feature_network == f"sha256 {settings.network_file.sha256}"
    named = FeaturesSettings(features="squeezenet", feature_weights=path)
    assert named.feature_network == settings.feature_network
    assert named.flow_settings.model == "flow"


def test_another_content_than_the_run_has_kept_is_refused(tmp_path):
    path = weights_file(tmp_path / "a.h5", "fire9/expand3x3")
    settings = FeaturesSettings(features=path)
    weights_file(tmp_path / "a.h5", "fire9/expand3x3", "another")
    assert "the run has the network sha256" in message_of(dataclasses.replace, settings)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"features": "resnet5"}, "resnet50"),
        ({"features": "squeezenet"}, "--feature_weights"),
        ({"features": "WEIGHTS"}, "without their network"),
        ({"features": "other", "feature_weights": "WEIGHTS"}, "the network's name"),
        ({"feature_weights": "missing.h5"}, "--feature_weights=missing.h5"),
    ],
)
def test_a_network_that_cannot_be_had_is_refused(values, words, tmp_path):
    path = weights_file(tmp_path / "weights.h5", "conv1")
    values = {name: path if value == "WEIGHTS" else value for name, value in values.items()}
    assert words in message_of(FeaturesSettings, **values)
