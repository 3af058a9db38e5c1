"""The noise of background members: how much of it, which values, and always another."""

import numpy as np
import pytest
from scipy.stats import binom, chisquare

from vae_wgan.vae.pixel_noise import replace_pixels

IMAGES = np.full((50, 20, 10, 3), 0.123, np.float32)  # no level: every new value is seen


def replaced(share, seed=(1, 2)):
    """Where values are new, and the images."""
    noisy = replace_pixels(IMAGES, share, np.array(seed, np.int32)).numpy()
    return noisy != IMAGES, noisy


@pytest.mark.parametrize("share", [0.1, 0.2, 0.9])
def test_the_share_of_new_values_is_that_of_independent_draws(share):
    is_new, _ = replaced(share)
    low, high = binom.interval(1 - 1e-6, IMAGES.size, share)
    assert low <= is_new.sum() <= high
    in_two_channels = (is_new[..., 0] & is_new[..., 1]).mean()
    assert in_two_channels == pytest.approx(share**2, abs=0.03)


def test_all_and_nothing():
    assert replaced(1.0)[0].all()
    assert not replaced(0.0)[0].any()


def test_new_values_are_uniform_on_the_grey_levels_whether_few_or_many():
    for share in (0.2, 1.0):
        is_new, noisy = replaced(share)
        levels = 255 * noisy[is_new]
        np.testing.assert_allclose(levels, np.rint(levels), atol=1e-4)
        counts = np.bincount(np.rint(levels).astype(int), minlength=256)
        assert len(counts) == 256
        assert chisquare(counts).pvalue > 1e-4


def test_a_step_has_noise_of_its_own_and_the_same_again():
    first, again, other = replaced(0.5), replaced(0.5), replaced(0.5, seed=(1, 3))
    np.testing.assert_array_equal(first[1], again[1])
    assert (first[0] == other[0]).mean() == pytest.approx(0.5, abs=0.02)
