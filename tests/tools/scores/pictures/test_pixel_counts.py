"""Counts of pixels: their AUROC is that of the pixels themselves."""

import numpy as np
import pytest

from input_errors import message_of
from tools.files.whole_files import write_npz
from tools.scores.metrics import auroc
from tools.scores.pictures.pixel_counts import PixelCounts


@pytest.fixture
def made_up():
    """Maps of 20 pictures, and masks of their defects, which are 1 higher."""
    random = np.random.default_rng(0)
    masks = random.random((20, 16, 16)) < 0.1
    return (random.normal(size=masks.shape) + masks).astype(np.float32), masks


def test_the_auroc_is_that_of_all_pixels(made_up):
    maps, masks = made_up
    counts = PixelCounts.of(maps, masks)
    assert counts.sound.sum() + counts.defective.sum() == masks.size
    assert counts.auroc() == pytest.approx(auroc(maps[~masks], maps[masks]), abs=5e-4)


def test_the_interval_is_over_pictures_and_repeats(made_up):
    maps, masks = made_up
    counts = PixelCounts.of(maps, masks)
    low, high = counts.interval(200, seed=0)
    assert low < counts.auroc() < high
    assert (low, high) == counts.interval(200, seed=0)
    # Pictures that are all the same leave no doubt.
    same = PixelCounts.of(maps[:1].repeat(5, axis=0), masks[:1].repeat(5, axis=0))
    assert np.ptp(same.interval(50, seed=0)) == pytest.approx(0, abs=1e-12)


def test_equal_values_tell_nothing_apart(made_up):
    _, masks = made_up
    assert PixelCounts.of(np.ones(masks.shape), masks).auroc() == 0.5


def test_files_are_read_again_and_damaged_ones_named(made_up, tmp_path):
    counts, path = PixelCounts.of(*made_up), tmp_path / "odd.npz"
    assert PixelCounts.read(path) is None
    write_npz(path, counts._asdict())
    np.testing.assert_array_equal(PixelCounts.read(path).defective, counts.defective)
    for sound in (counts.sound[:3], -counts.sound, 0 * counts.sound, np.array(["x"])):
        write_npz(path, counts._asdict() | {"sound": sound})
        assert "no counts of pixels" in message_of(PixelCounts.read, path)
