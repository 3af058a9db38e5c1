"""Looks of pictures: without brightness and contrast, and reduced to 64 pixels."""

import numpy as np
import pytest

from tools.scores.pictures.looks import contrast, enlarged, photo, plain, reduced

IMAGES = np.random.default_rng(0).random((3, 20, 16, 3)).astype(np.float32)


def test_a_photo_does_not_know_exposure_and_contrast():
    rows = photo(IMAGES)
    np.testing.assert_allclose(rows.mean(axis=1), 0, atol=1e-6)
    np.testing.assert_allclose(rows.std(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(photo(0.5 * IMAGES + 0.2), rows, atol=1e-4)
    assert np.abs(photo(np.full_like(IMAGES, 0.5))).max() < 1e-4


def test_local_contrast_hardly_knows_a_light_that_changes_slowly():
    light = np.linspace(0.8, 1, 16)[None, None, :, None]
    grey = IMAGES.mean(axis=3, keepdims=True) * 0.5 + 0.4
    pairs = zip(contrast(grey), contrast(grey * light), strict=True)
    assert min(np.corrcoef(*pair)[0, 1] for pair in pairs) > 0.95
    assert plain(IMAGES).shape == contrast(IMAGES).shape == (3, 960)


@pytest.mark.parametrize(("side", "left"), [(64, 64), (65, 33), (224, 56)])
def test_larger_pictures_are_means_over_blocks(side, left):
    images = np.random.default_rng(0).random((2, side, 64, 1)).astype(np.float32)
    small = reduced(images)
    assert small.shape == (2, left, 64, 1)
    width = -(-side // 64)
    np.testing.assert_allclose(small[:, 1], images[:, width : 2 * width].mean(axis=1), rtol=1e-5)
    assert small[:, -1] == pytest.approx(images[:, (left - 1) * width :].mean(axis=1))
    maps = enlarged(small[..., 0], side, 64)
    assert maps.shape == (2, side, 64)
    np.testing.assert_array_equal(maps[:, -1], small[:, -1, :, 0])
