import hashlib
import json
import os
import subprocess
import sys
import zipfile

import numpy as np
import pytest
import tensorflow as tf

from anomaly import load_detector, save_detector
from anomaly.machinery.detector_files import save_detector as save_detector_of_the_module
from repository_sources import ROOT
from tiny_detectors import (
    ALL_DETECTORS,
    adversarial_ae,
    adversarial_ae_with_hidden_layer,
    classifier,
    dense_networks,
    instance_scores,
    keras,
    layers,
    model_distillation,
    outlier_vae,
    rows,
)
from tools.errors import InputError

IN_A_FRESH_PROCESS = """
import sys
import numpy as np
from anomaly import load_detector
rows = np.load("rows.npy", allow_pickle=False)
for name in sys.argv[1:]:
    scores = load_detector(name).score(rows)
    scores = scores[1] if isinstance(scores, tuple) else scores
    np.save(name + ".npy", scores, allow_pickle=False)
"""


@keras.utils.register_keras_serializable(package="tests")
class NoisyLayer(layers.Layer):
    """Draws its own noise, as a foreign VAE does."""

    def call(self, x):
        return x + 0.1 * tf.random.normal(tf.shape(x))


def foreign_vae():
    return keras.Sequential([keras.Input((4,)), NoisyLayer(), layers.Dense(4)])


def with_own_vae(**options):
    return outlier_vae(vae=foreign_vae(), **options)


def with_own_ae(**options):
    ae = keras.Sequential([keras.Input((4,)), layers.Dense(4)])
    return adversarial_ae(ae=ae, model_hl=[classifier()], w_model_hl=[0.5], **options)


MAKERS = [*ALL_DETECTORS, with_own_vae, with_own_ae]


def files_of(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_scores_are_the_same_after_two_round_trips(make, tmp_path):
    folder = tmp_path / "new" / "folder"
    detector = make(threshold=0.25, data_type="tabular")
    expected = instance_scores(detector, rows())
    for _ in range(2):
        save_detector(detector, folder)
        detector = load_detector(str(folder))
        np.testing.assert_array_equal(instance_scores(detector, rows()), expected)
    assert detector.threshold == 0.25
    assert detector.meta["data_type"] == "tabular"
    assert os.listdir(tmp_path / "new") == ["folder"]
    assert len(files_of(folder)) == 1 + len(detector.networks())
    assert not any(
        w.trainable
        for layer in getattr(detector, "model", keras.Model()).layers
        for w in layer.weights
    )


def test_a_fitted_detector_comes_back_whole_and_can_be_fitted_on(tmp_path):
    detector = adversarial_ae_with_hidden_layer()
    detector.fit(rows(), epochs=1, verbose=False)
    detector.infer_threshold(rows())
    save_detector(detector, tmp_path)
    loaded = load_detector(tmp_path)
    np.testing.assert_array_equal(loaded.score(rows()), detector.score(rows()))
    assert loaded.get_config() == detector.get_config()
    assert loaded.hidden_layer_kld == {1: 5}
    loaded.fit(rows(), epochs=1, verbose=False)


def test_scores_are_the_same_in_a_fresh_process(tmp_path):
    made = {make.__name__: make(threshold=1.0) for make in ALL_DETECTORS}
    for name, detector in made.items():
        save_detector(detector, tmp_path / name)
    np.save(tmp_path / "rows.npy", rows())
    command = [sys.executable, "-c", IN_A_FRESH_PROCESS, *made]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)
    for name, detector in made.items():
        expected = instance_scores(detector, rows())
        np.testing.assert_array_equal(np.load(tmp_path / f"{name}.npy"), expected)


def test_a_failed_save_leaves_the_earlier_detector_and_nothing_else(tmp_path, monkeypatch):
    folder = tmp_path / "detector"
    save_detector(model_distillation(threshold=0.1), folder)
    before = files_of(folder)
    broken = model_distillation(threshold=0.2)
    broken.meta["note"] = object()
    with pytest.raises(ValueError, match="JSON"):
        save_detector(broken, folder)
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        save_detector(model_distillation(threshold=0.3), folder)
    assert files_of(folder) == before
    assert os.listdir(tmp_path) == ["detector"]
    with pytest.raises(OSError, match="disk full"):
        save_detector(model_distillation(), tmp_path / "other")
    assert os.listdir(tmp_path) == ["detector"]


def test_a_save_that_is_cut_off_between_two_moves_leaves_the_earlier_detector(
    tmp_path, monkeypatch
):
    save_detector(model_distillation(threshold=0.1), tmp_path)
    replace, moved = os.replace, []

    def replace_but_the_record(source, target):
        if os.path.dirname(target) == str(tmp_path) and moved:
            raise OSError("cut off")
        if os.path.dirname(target) == str(tmp_path):
            moved.append(target)
        replace(source, target)

    monkeypatch.setattr(os, "replace", replace_but_the_record)
    with pytest.raises(OSError, match="cut off"):
        save_detector(model_distillation(threshold=0.2), tmp_path)
    assert moved
    assert load_detector(tmp_path).threshold == 0.1


def test_files_that_are_not_ours_stay(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "mine.keras").write_text("mine")
    for _ in range(2):
        save_detector(model_distillation(), tmp_path)
    names = sorted(os.listdir(tmp_path))
    assert len(names) == 5
    assert {"notes.txt", "mine.keras"} < set(names)


def change_a_byte(folder):
    path = next(folder.glob("model-*.keras"))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def change_the_record(**entries):
    def change(folder):
        path = folder / "detector.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | entries))

    return change


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda folder: (folder / "detector.json").unlink(), "no saved detector"),
        (lambda folder: (folder / "detector.json").write_text('{"format": 1'), "damaged"),
        (lambda folder: (folder / "detector.json").write_text("[]"), "not the record"),
        (lambda folder: next(folder.glob("model-*")).unlink(), "missing"),
        (change_a_byte, "checksum"),
        (change_the_record(format=99), "format 99"),
        (change_the_record(config={"colour": 1}), "damaged"),
        (change_the_record(networks={}), "damaged"),
        (change_the_record(networks={"model": "../../model-0123456789abcdef.keras"}), "no saved"),
        (change_the_record(networks={"model": 3}), "no saved"),
    ],
)
def test_a_damaged_folder_gives_one_clear_error(damage, words, tmp_path):
    save_detector(model_distillation(), tmp_path)
    damage(tmp_path)
    with pytest.raises(ValueError, match=words) as caught:
        load_detector(tmp_path)
    assert "\n" not in str(caught.value)
    assert str(tmp_path) in str(caught.value)


def test_unknown_classes_and_missing_folders(tmp_path):
    with pytest.raises(ValueError, match="no saved detector"):
        load_detector(tmp_path / "none")
    with pytest.raises(NotImplementedError, match="int"):
        save_detector(3, tmp_path)
    save_detector_of_the_module(model_distillation(), tmp_path)
    change_the_record(**{"class": "Mystery"})(tmp_path)
    with pytest.raises(NotImplementedError, match="Mystery") as caught:
        load_detector(tmp_path)
    assert isinstance(caught.value, InputError)  # one line for a person
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match="is a file"):
        save_detector(model_distillation(), tmp_path / "file")


def test_legacy_is_accepted_with_a_warning(tmp_path, caplog):
    detector = model_distillation()
    save_detector(detector, tmp_path, legacy=True)
    assert "legacy=True has no effect: there is one format" in caplog.text
    np.testing.assert_array_equal(load_detector(tmp_path).score(rows()), detector.score(rows()))


def test_a_drawn_seed_is_saved(tmp_path):
    detector = outlier_vae(seed=None)
    save_detector(detector, tmp_path)
    loaded = load_detector(tmp_path)
    assert loaded.seed == detector.seed
    np.testing.assert_array_equal(loaded.score(rows())[1], detector.score(rows())[1])


class Unregistered(layers.Layer):
    """Known to Keras by custom_objects only."""

    def call(self, x):
        return 2 * x


def test_own_classes_come_in_custom_objects(tmp_path):
    network = keras.Sequential(
        [keras.Input((4,)), Unregistered(), layers.Dense(3, activation="softmax")]
    )
    detector = model_distillation(distilled_model=network)
    save_detector(detector, tmp_path)
    with pytest.raises(ValueError, match="custom_objects"):
        load_detector(tmp_path)
    loaded = load_detector(tmp_path, custom_objects={"Unregistered": Unregistered})
    np.testing.assert_array_equal(loaded.score(rows()), detector.score(rows()))


def test_a_lambda_is_refused_when_it_is_saved(tmp_path):
    network = keras.Sequential([keras.Input((4,)), layers.Dense(3, activation=lambda x: x)])
    with pytest.raises(ValueError, match="lambda"):
        save_detector(model_distillation(distilled_model=network), tmp_path / "detector")
    assert os.listdir(tmp_path) == []


def test_another_version_is_warned_of(tmp_path, caplog):
    detector = model_distillation()
    detector.meta["version"] = "0.0.1"
    save_detector(detector, tmp_path)
    loaded = load_detector(tmp_path)
    assert "0.0.1" in caplog.text
    assert loaded.meta == detector.meta


@pytest.mark.filterwarnings("ignore:You are saving a model that has not yet been built")
def test_networks_that_were_never_built_can_be_saved(tmp_path):
    networks = dense_networks()
    encoder = keras.Sequential([layers.Dense(5), layers.Dense(2)])
    detector = outlier_vae(**networks | {"encoder_net": encoder})
    save_detector(detector, tmp_path)
    assert load_detector(tmp_path).score(rows())[1].shape == (40,)


def put_a_strangers_network(folder, change):
    """Changes the file of a saved network and gives it the sum of what it has now."""
    path = next(folder.glob("model-*.keras"))
    change(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    path.rename(folder / f"model-{digest}.keras")
    networks = json.loads((folder / "detector.json").read_text())["networks"]
    change_the_record(networks=networks | {"model": f"model-{digest}.keras"})(folder)


def test_a_lambda_from_a_stranger_is_refused_when_it_is_loaded(tmp_path):
    save_detector(model_distillation(), tmp_path)
    network = keras.Sequential([keras.Input((4,)), layers.Lambda(lambda x: x[:, :3])])
    put_a_strangers_network(tmp_path, network.save)
    with pytest.raises(ValueError, match=r"Keras cannot load it; .*[Ll]ambda"):
        load_detector(tmp_path)


@pytest.mark.parametrize(
    ("place", "key", "value"),
    [("config", "units", 10**10), ("build_config", "input_shape", [None, 10**10])],
)
def test_a_network_larger_than_its_weights_is_refused_before_it_is_built(
    place, key, value, tmp_path
):
    def enlarge(path):
        with zipfile.ZipFile(path) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        config = json.loads(members["config.json"])
        config["config"]["layers"][-1][place][key] = value
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in (members | {"config.json": json.dumps(config)}).items():
                archive.writestr(name, content)

    last = layers.Dense(3, "softmax")
    small = keras.Sequential([keras.Input((4,)), layers.Dense(6), last])
    save_detector(model_distillation(model=small), tmp_path)
    put_a_strangers_network(tmp_path, enlarge)
    with pytest.raises(ValueError, match="a layer claims 10,000,000,000 bytes"):
        load_detector(tmp_path)
