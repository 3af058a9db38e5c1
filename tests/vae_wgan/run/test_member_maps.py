"""Maps of members: their mean, standardised by calibration images, and its maximum as a score."""

from pathlib import Path

import numpy as np
import pytest

from fake_model import FakeModel, made_up_set
from input_errors import message_of
from tools.run.run_folder import CALIBRATION, RunFolder
from tools.run.stopwatch import Stopwatch
from tools.scores.pictures.maps import Places
from tools.scores.pictures.smoothing import smoothed
from tools.scores.score_files import read_scores
from vae_wgan.ensemble.members import TrainedMember
from vae_wgan.run.member_maps import (
    maps_of_run,
    mean_maps,
    read_places,
    score_strangest_places,
    standardised_maps,
    write_places,
)
from vae_wgan.run.score_sets import write_input_statistics

SETS = [made_up_set(CALIBRATION, 12), made_up_set("noise", 5, first_id=50)]
IMAGES = SETS[1].examples


class Mapped(FakeModel):
    """A member whose map is the image, times its factor."""

    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def maps(self, images):
        return self.factor * images[..., 0]


MEMBERS = [TrainedMember(Mapped(factor), Path(), f"digest {factor}") for factor in (1, 3)]
MODELS = [one.member for one in MEMBERS]


@pytest.fixture
def folder(tmp_path):
    folder = RunFolder(tmp_path)
    write_input_statistics(SETS, "bernoulli", folder, Stopwatch())
    write_places(MODELS, SETS[0], folder)
    return folder


def test_the_map_is_the_members_mean_in_deviations_of_calibration_images(folder):
    np.testing.assert_allclose(mean_maps(MODELS, IMAGES), smoothed(2 * IMAGES[..., 0], 0.7), 1e-5)
    places = Places.fit(mean_maps(MODELS, SETS[0].examples))
    expected = places.standardised(mean_maps(MODELS, IMAGES))
    np.testing.assert_allclose(standardised_maps(MODELS, read_places(folder), IMAGES), expected)
    np.testing.assert_allclose(maps_of_run(MODELS, None, read_places(folder))(IMAGES), expected)


def test_the_score_is_the_largest_value_and_calibration_images_do_not_calibrate_themselves(folder):
    score_strangest_places(MEMBERS, SETS[0], SETS, folder)
    found = [read_scores(folder.inputs(part.name)).scores["strangest_place"] for part in SETS]
    maps = standardised_maps(MODELS, read_places(folder), IMAGES)
    np.testing.assert_allclose(found[1], [maps.max(axis=(1, 2))], rtol=1e-5)
    of_calibration = mean_maps(MODELS, SETS[0].examples)
    others = np.delete(of_calibration, [0, 5, 10], axis=0)  # the first fold of five
    expected = Places.fit(others).standardised(of_calibration[[0, 5, 10]]).max(axis=(1, 2))
    np.testing.assert_allclose(found[0][0, [0, 5, 10]], expected, rtol=1e-4)


def test_scores_of_the_same_members_and_images_stay(folder):
    def times():
        score_strangest_places(MEMBERS, SETS[0], SETS, folder)
        return [folder.inputs(part.name).stat().st_mtime_ns for part in SETS]

    assert times() == times()


def test_members_without_maps_have_no_places(tmp_path):
    folder = RunFolder(tmp_path)
    write_places([FakeModel()], SETS[0], folder)
    assert read_places(folder) is None and maps_of_run([FakeModel()], None, None) is None
    message = message_of(score_strangest_places, [], SETS[0], SETS, folder)
    assert message == "--score_keys: these members have no maps, which a local score needs"
