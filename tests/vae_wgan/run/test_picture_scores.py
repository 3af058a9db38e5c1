"""Scores of simple detectors of images stand beside the input properties of each set."""

import numpy as np
import pytest

from fake_model import made_up_set
from tools.run.run_folder import CALIBRATION, RunFolder
from tools.run.stopwatch import Stopwatch
from tools.scores.score_files import read_arrays, read_scores
from tools.scores.simple_detectors import simple_detectors
from vae_wgan.run.picture_scores import score_simple_pictures
from vae_wgan.run.score_sets import write_input_statistics

SETS = [made_up_set(CALIBRATION, 6), made_up_set("noise", 5, first_id=50)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = RunFolder(tmp_path_factory.mktemp("run"))
    folder.update_manifest(settings={})
    scored(folder, made_up_set("train", 12))
    return folder


def scored(folder, training):
    write_input_statistics(SETS, "bernoulli", folder, Stopwatch())
    score_simple_pictures(folder, training, SETS[0], SETS, seed=0)
    return [folder.inputs(part.name).stat().st_mtime_ns for part in SETS]


def test_the_parts_are_those_of_the_detectors_that_were_saved(folder):
    ensemble = simple_detectors(read_arrays(folder.simple_ensemble()))
    for part in SETS:
        file = read_scores(folder.inputs(part.name))
        np.testing.assert_array_equal(file.ids, part.ids)
        assert "brightness" in file.scores
        known = {name: values[-6:] for name, values in ensemble.held_out.items()}
        expected = known if part.name == CALIBRATION else ensemble.scores(part.examples)
        for name, values in expected.items():
            np.testing.assert_allclose(file.scores[f"simple.{name}"][0], values, rtol=1e-5)


def test_many_images_calibrate_without_being_learned(folder, tmp_path, monkeypatch):
    monkeypatch.setattr("vae_wgan.run.picture_scores.MOST_IMAGES", 17)
    other = RunFolder(tmp_path)
    other.update_manifest(settings={})
    scored(other, made_up_set("train", 12))
    ensemble = simple_detectors(read_arrays(other.simple_ensemble()))
    assert len(ensemble.held_out["local"]) == 12
    found = read_scores(other.inputs(CALIBRATION)).scores["simple.local"][0]
    np.testing.assert_allclose(found, ensemble.scores(SETS[0].examples)["local"], rtol=1e-5)


def test_they_are_made_again_for_other_training_images_only(folder):
    times = scored(folder, made_up_set("train", 12))
    assert scored(folder, made_up_set("train", 12)) == times
    assert all(np.not_equal(scored(folder, made_up_set("train", 13)), times))
