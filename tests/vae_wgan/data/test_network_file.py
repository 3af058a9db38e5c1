"""Files of networks: what they hold is found, and code in them is refused, without Keras."""

import json
import zipfile

import h5py
import numpy as np
import pytest

from input_errors import message_of
from vae_wgan.data.network_file import read_network_file

DENSE = {"class_name": "Dense", "module": "keras.layers", "config": {"units": 3}}


def keras_file(path, *layers):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps({"config": {"layers": layers}}))
    return path


def h5_file(path, names=(), config=None):
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = np.array([name.encode() for name in names])
        if config:
            file.attrs["model_config"] = json.dumps(config)
    return path


def test_a_file_is_a_model_or_weights_of_squeezenet_or_of_an_unknown_network(tmp_path):
    found = [
        read_network_file(str(path), "features")
        for path in (
            keras_file(tmp_path / "own.keras", DENSE),
            h5_file(tmp_path / "own.h5", config={"config": {"layers": [DENSE]}}),
            h5_file(tmp_path / "squeezenet.h5", ["conv1", "fire9/expand3x3"]),
            h5_file(tmp_path / "weights.h5", ["conv1"]),
        )
    ]
    assert [file.architecture for file in found] == ["own", "own", "squeezenet", ""]
    assert len({file.sha256 for file in found}) == 4
    assert found[0].path == str(tmp_path / "own.keras")


@pytest.mark.parametrize(
    "layer",
    [
        {"class_name": "Lambda", "module": "keras.layers", "config": {}},
        {"config": {"function": {"class_name": "__lambda__", "config": {"value": "4wEA"}}}},
        {"class_name": "system", "module": "os", "config": {}},
        {"class_name": "Mine", "module": "my_layers.deep", "config": {}},
    ],
)
def test_code_and_layers_that_are_not_of_keras_are_refused(layer, tmp_path):
    nested = {"class_name": "Functional", "module": "keras", "config": {"layers": [DENSE, layer]}}
    for path in (
        keras_file(tmp_path / "bad.keras", nested),
        h5_file(tmp_path / "bad.h5", config=nested),
    ):
        message = message_of(read_network_file, str(path), "features")
        assert path.name in message


def test_what_is_no_file_of_a_network_is_refused(tmp_path):
    for name in ("missing.h5", "text.txt", "text.h5", "text.keras", "empty.keras"):
        path = tmp_path / name
        if name == "empty.keras":
            zipfile.ZipFile(path, "w").close()
        elif name != "missing.h5":
            path.write_text("no network")
        assert name in message_of(read_network_file, str(path), "features")
