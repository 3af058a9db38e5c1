"""Pictures of one thing are found, and are not divided between training and calibration."""

from dataclasses import replace

import numpy as np
import pytest

from input_errors import message_of
from tools.data.example_set import ExampleSet
from tools.scores.conformal import threshold_at
from vae_wgan.data import picture_groups
from vae_wgan.data.image_data import split_calibration
from vae_wgan.data.picture_groups import groups_by, groups_by_name, groups_in_words

THINGS, PHOTOS, SIDE = 60, 4, 28


def photos(things, seed):
    """PHOTOS of each of so many things under several exposures, and the number of the thing."""
    rng = np.random.default_rng(seed)
    looks = rng.uniform(0.3, 0.7, (things, 1, SIDE, SIDE, 1))
    exposures = rng.uniform(0.7, 1.3, (things, PHOTOS, 1, 1, 1))
    noise = 0.02 * rng.standard_normal((things, PHOTOS, SIDE, SIDE, 1))
    images = (looks * exposures + noise).clip(0, 1).astype(np.float32)
    rows = rng.permutation(things * PHOTOS)
    return images.reshape(-1, SIDE, SIDE, 1)[rows], (np.arange(things * PHOTOS) // PHOTOS)[rows]


def example_set(images):
    return ExampleSet("photos", images, np.arange(len(images)), "")


def is_same_partition(groups, wanted):
    pairs = np.unique(np.stack([groups, wanted]), axis=1).shape[1]
    return pairs == len(np.unique(groups)) == len(np.unique(wanted))


def test_photos_of_a_thing_under_several_exposures_are_a_group():
    images, things = photos(THINGS, seed=0)
    groups = groups_by("")(example_set(images))
    assert is_same_partition(groups, things)
    assert f"240 pictures show {THINGS} things" in groups_in_words(groups)
    assert groups_in_words(np.arange(10)) == ""


def test_of_many_images_only_copies_are_a_group(monkeypatch):
    images, _ = photos(4, seed=0)
    monkeypatch.setattr(picture_groups, "MOST_COMPARED", 15)
    groups = groups_by("")(example_set(np.concatenate([images, images[:2]])))
    assert groups[:2].tolist() == groups[-2:].tolist() and len(set(groups.tolist())) == len(images)


def test_calibration_by_groups_keeps_the_promise_on_things_never_seen():
    images, _ = photos(THINGS, seed=1)
    new, _ = photos(THINGS, seed=2)
    known = example_set(images)

    def false_alarms(groups):
        training, calibration = split_calibration(replace(known, groups=groups), seed=0)
        rows = training.examples.reshape(len(training), -1)

        def nearest(others):
            gaps = others.reshape(len(others), 1, -1) - rows[np.newaxis, ::2]
            return np.sqrt(np.square(gaps).sum(axis=2)).min(axis=1)

        return np.mean(nearest(new) > threshold_at(nearest(calibration.examples), 0.05))

    assert false_alarms(None) > 0.3
    assert false_alarms(groups_by("")(known)) < 0.12


def test_names_tell_the_thing():
    names = ["a/exp1_num7.jpg", "a/exp2_num7.jpg", "b/exp1_num8.jpg", "c.jpg", "d.jpg"]
    assert is_same_partition(groups_by_name(names, r"num(\d+)"), np.array([0, 0, 1, 2, 3]))
    assert is_same_partition(groups_by_name(names, r"exp\d|[cd]\."), np.array([0, 1, 0, 2, 3]))
    named = ExampleSet("x", np.zeros((5, 1, 1, 1)), np.arange(5), "", paths=np.array(names))
    assert is_same_partition(groups_by(r"num(\d+)")(named), np.array([0, 0, 1, 2, 3]))


@pytest.mark.parametrize("pattern", ["part(\\d+)", "^9$"])
def test_a_pattern_that_is_found_nowhere_is_refused(pattern):
    message = message_of(groups_by_name, ["a.png", "b.png"], pattern)
    assert f"--groups={pattern} is found in no file's name, such as a.png" in message
