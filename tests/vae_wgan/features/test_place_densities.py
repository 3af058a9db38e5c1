"""Maps of strangeness by Gaussians at places."""

import numpy as np
import pytest

from vae_wgan.features.place_densities import PlaceDensities

GRID = (6, 7)


def maps(count, seed=0):
    return np.random.default_rng(seed).normal(size=(count, *GRID, 4)).astype(np.float16)


def fitted():
    is_left_out = np.arange(60) % 5 == 0
    return PlaceDensities.unfitted(np.array([0, 1, 3]), GRID).fit(maps(60), is_left_out)


def test_a_strange_place_is_the_strangest_and_far_ones_do_not_change():
    densities, pictures = fitted(), maps(3, seed=1)
    before = densities.strangeness(densities.log_densities(pictures))
    pictures[:, 2, 1, 0] += 10
    after = densities.strangeness(densities.log_densities(pictures))
    assert [np.unravel_index(map.argmax(), GRID) for map in after] == [(2, 1)] * 3
    np.testing.assert_allclose(after[:, :, 6], before[:, :, 6], atol=1e-4)


def test_a_channel_that_was_not_chosen_has_no_part():
    densities, pictures = fitted(), maps(3, seed=1)
    before = densities.log_densities(pictures)
    pictures[..., 2] += 10
    np.testing.assert_array_equal(densities.log_densities(pictures), before)


def test_pictures_that_were_left_out_have_the_level_zero_and_deviations_of_one():
    densities, left_out = fitted(), maps(60)[::5]
    density = densities.log_densities(left_out)
    assert abs(density.mean() - densities.level) < 1e-3
    strangeness = densities.strangeness(density)
    assert strangeness.mean() == pytest.approx(0, abs=1e-3)
    assert strangeness.std() == pytest.approx(1, abs=1e-3)
