"""Equal and nearly equal images are found, and others are not."""

import io

import numpy as np
import pytest
from PIL import Image

from tools.data.example_set import ExampleSet
from tools.data.images.copies import Copy, copy_groups, find_copies, kept_together


def textures(count, seed, side=32):
    """Smooth random images [count, side, side, 3] in [0, 1]."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (count, 6, 6, 3), np.uint8)
    images = [Image.fromarray(one).resize((side, side), Image.Resampling.BICUBIC) for one in coarse]
    return np.stack([np.asarray(image) for image in images]) / np.float32(255)


def saved_as_jpeg(image, quality=90):
    buffer = io.BytesIO()
    Image.fromarray(np.rint(255 * image).astype(np.uint8)).save(buffer, "jpeg", quality=quality)
    return np.asarray(Image.open(buffer)) / np.float32(255)


def as_set(name, images):
    return ExampleSet(name, images, np.arange(len(images)), "")


@pytest.fixture
def training():
    return textures(60, seed=0)


def test_equal_images_and_those_saved_as_jpeg_again_are_copies(training):
    test = textures(5, seed=1)
    test[1], test[3] = training[7], saved_as_jpeg(training[9])
    found = find_copies([as_set("training", training), as_set("test", test)])
    assert [copy[:4] for copy in found] == [
        ("test", "1", "training", "7"),
        ("test", "3", "training", "9"),
    ]
    assert found[0].levels == 0 < found[1].levels < 3


def test_copies_within_a_set_are_of_the_earlier_image(training):
    training[[20, 30]] = training[4]
    found = find_copies([as_set("training", training)])
    assert sorted(found) == [
        Copy("training", "20", "training", "4", 0.0),
        Copy("training", "30", "training", "4", 0.0),
    ]


@pytest.mark.parametrize("change", [lambda x: x[:, ::-1], lambda x: np.roll(x, 4, axis=1)])
def test_mirrored_and_moved_images_are_no_copies(training, change):
    sets = [as_set("training", training), as_set("test", np.stack([*map(change, training[:9])]))]
    assert find_copies(sets) == []


def test_images_that_all_lie_close_together_are_no_copies():
    rng = np.random.default_rng(0)
    alike = np.clip(textures(1, 0) + rng.normal(0, 0.01, (50, 32, 32, 3)), 0, 1).astype(np.float32)
    assert find_copies([as_set("training", alike)]) == []
    assert len(set(copy_groups(alike))) == 50


def test_copies_are_of_one_group(training):
    training[5] = saved_as_jpeg(training[2])
    training[8] = training[5]
    groups = copy_groups(training)
    assert groups[2] == groups[5] == groups[8]
    assert len(set(groups)) == 58


def test_many_black_images_are_of_one_group():
    images = np.zeros((500, 28, 28, 1), np.float32)
    assert set(copy_groups(images)) == {0}


def test_groups_are_not_divided():
    groups = np.array([0, 0, 1, 2, 2, 2, 3, 4, 5, 6])
    for seed in range(20):
        order = np.random.default_rng(seed).permutation(10)
        is_taken = kept_together(3, order, groups)
        assert 1 <= is_taken.sum() <= max(3, np.bincount(groups).max()) and not is_taken.all()
        for group in set(groups):
            assert len(set(is_taken[groups == group])) == 1


def test_without_copies_the_order_alone_decides():
    order = np.random.default_rng(0).permutation(10)
    for groups in (None, np.arange(10), np.zeros(10)):
        assert set(np.flatnonzero(kept_together(3, order, groups))) == set(order[:3])
