"""Corruptions: each against its definition written out slowly; all keep shape and range."""

import numpy as np
import pytest

from tools.data.corruptions import CORRUPTIONS, SEVERITIES

IMAGES = np.random.default_rng(0).random((4, 32, 32, 3), np.float32)
GREY = np.full((1, 200, 200, 1), 0.5, np.float32)


def corrupt(name, images, severity, seed=0):
    return CORRUPTIONS[name](images, severity, np.random.default_rng(seed))


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_shape_range_and_seed(name):
    before = IMAGES.copy()
    for severity in SEVERITIES:
        result = corrupt(name, IMAGES, severity)
        assert result.shape == IMAGES.shape
        assert result.dtype == np.float32
        assert result.min() >= 0
        assert result.max() <= 1
        np.testing.assert_array_equal(result, corrupt(name, IMAGES, severity))
    np.testing.assert_array_equal(IMAGES, before)
    assert corrupt(name, IMAGES[:1, :28, :28, :1], 3).shape == (1, 28, 28, 1)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_damage_grows_with_the_severity(name):
    smooth = np.cumsum(IMAGES, axis=1) / 32
    damage = [np.abs(corrupt(name, smooth, s) - smooth).mean() for s in SEVERITIES]
    assert damage == sorted(damage)
    assert damage[0] > 0


@pytest.mark.parametrize("severity", [0, 6, 1.5])
def test_an_unknown_severity_is_refused(severity):
    with pytest.raises(ValueError, match="severity"):
        corrupt("contrast", IMAGES, severity)


def test_gaussian_noise_has_its_standard_deviation():
    for severity, scale in zip(SEVERITIES, (0.04, 0.06, 0.08, 0.09, 0.10), strict=True):
        noise = corrupt("gaussian_noise", GREY, severity) - GREY
        assert noise.std() == pytest.approx(scale, rel=0.02)
        assert noise.mean() == pytest.approx(0, abs=0.002)


def test_shot_noise_has_the_variance_of_counted_photons():
    for severity, photons in zip(SEVERITIES, (500, 250, 100, 75, 50), strict=True):
        result = corrupt("shot_noise", GREY, severity)
        np.testing.assert_allclose(result * photons, np.rint(result * photons), atol=1e-3)
        assert result.var() == pytest.approx(0.5 / photons, rel=0.03)


def test_blur_of_one_bright_pixel_is_the_normal_density_in_its_own_channel():
    images = np.zeros((1, 31, 31, 2), np.float32)
    images[0, 15, 15, 0] = 1
    blurred = corrupt("gaussian_blur", images, 5)
    weights = np.exp(-0.5 * np.arange(-4, 5) ** 2)  # a standard deviation of one pixel
    expected = np.outer(weights, weights) / weights.sum() ** 2
    np.testing.assert_allclose(blurred[0, 11:20, 11:20, 0], expected, atol=1e-6)
    assert not blurred[..., 1].any()


def test_contrast_keeps_the_mean_and_shrinks_the_deviation():
    for severity, factor in zip(SEVERITIES, (0.75, 0.5, 0.4, 0.3, 0.15), strict=True):
        result = corrupt("contrast", IMAGES, severity)
        np.testing.assert_allclose(result.mean(axis=(1, 2)), IMAGES.mean(axis=(1, 2)), rtol=1e-4)
        np.testing.assert_allclose(
            result.std(axis=(1, 2)), factor * IMAGES.std(axis=(1, 2)), rtol=1e-4
        )


def test_pixelate_leaves_boxes_of_their_mean():
    images = np.random.default_rng(1).random((1, 20, 20, 1), np.float32)
    result = corrupt("pixelate", images, 5)[0, ..., 0]  # 20 to 13 pixels and back
    assert len(np.unique(result)) <= 13 * 13
    rising = np.linspace(0, 1, 20, dtype=np.float32)[None, None, :, None] * np.ones((1, 20, 1, 1))
    steps = corrupt("pixelate", rising, 5)[0, 0, :, 0]
    assert len(np.unique(steps)) == 13
    assert (np.diff(steps) >= 0).all()
    assert steps.mean() == pytest.approx(0.5, abs=1e-3)
