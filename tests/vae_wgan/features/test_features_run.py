"""Whole runs on features of pictures, by a small network whose weights the test makes."""

import shutil

import numpy as np
import pytest

from input_errors import message_of
from small_network import write_small_network
from tiny_features_run import features_run
from tiny_run import bytes_by_path, write_data
from tools.scores.floors import FEATURE_FLOOR_WORDS
from tools.scores.score_files import read_scores
from vae_wgan.kinds import kind_of_run

WANTED = r"\d/checkpoint|scores/.*npz|metrics.csv"


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("features")
    write_data(folder)
    write_small_network(folder / "small.keras")
    write_small_network(folder / "other.keras", seed=1)
    return features_run(folder)


@pytest.fixture
def copied(finished, tmp_path):
    """A copy of the run and its data that a test may spoil."""
    shutil.copytree(finished.path.parent, tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_a_run_tells_columns_from_bars_and_keeps_its_features(finished):
    manifest = finished.manifest()
    assert manifest.status == "finished" and kind_of_run(manifest).name == "features"
    assert manifest.settings["feature_network"].startswith("sha256 ")
    assert {path.suffix for path in finished.features().iterdir()} == {".npy"}
    inside, outside = (read_scores(finished.scores(name)).scores for name in ("bars", "columns"))
    assert inside["place_distance"].shape == (2, 20)
    usual = np.quantile(inside["place_distance"], 0.95)
    assert np.median(outside["place_distance"]) > usual
    metrics = (finished.path / "analysis" / "metrics.csv").read_text()
    assert "combined_features" in metrics
    # The floors of the same photos, by their definition.
    assert {*FEATURE_FLOOR_WORDS, "pca_reconstruction"} <= {*manifest.peers}
    assert all(name in metrics for name in manifest.peers)


def test_a_run_that_was_stopped_ends_with_the_same_bytes(copied, finished):
    folder = copied / "run"
    (folder / "0" / "checkpoint-00000004.npz").unlink()
    for path in (folder / "1", folder / "scores", folder / "features"):
        shutil.rmtree(path)
    features_run(copied)
    assert bytes_by_path(folder, WANTED) == bytes_by_path(finished.path, WANTED)


def test_another_network_under_the_same_folder_is_refused(copied):
    message = message_of(features_run, copied, network="other.keras")
    assert "feature_network" in message and "--delete_existing" in message
    assert "the run has the network" in message_of(
        features_run, copied, "--skip_train", network="other.keras"
    )
    shutil.copy(copied / "other.keras", copied / "small.keras")
    assert "network" in message_of(features_run, copied, "--skip_train")


def test_a_program_scores_new_pictures_without_the_data_or_the_store(copied, finished):
    from anomaly import EnsembleDetector

    (copied / "bars.npz").unlink()
    shutil.rmtree(copied / "run" / "features")
    detector = EnsembleDetector(copied / "run", "place_distance.mean")
    wanted = read_scores(finished.scores("columns"))
    images = np.load(copied / "columns.npy")[wanted.ids]
    found = detector.score(images)
    np.testing.assert_allclose(found, wanted.scores["place_distance"].mean(axis=0), rtol=1e-5)
    assert not (copied / "run" / "features").exists()
