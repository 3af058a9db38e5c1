"""A Gaussian at each place, against SciPy's."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from vae_wgan.features.place_gaussians import PlaceGaussians, in_parts

PLACES, CHANNELS = 5, 3


def features(count, seed=0):
    """Correlated features [picture, place, channel] that differ from place to place."""
    draw = np.random.default_rng(seed)
    mixing = draw.normal(size=(PLACES, CHANNELS, CHANNELS))
    values = np.einsum("npc,pcd->npd", draw.normal(size=(count, PLACES, CHANNELS)), mixing)
    return (values + np.arange(PLACES)[:, np.newaxis]).astype(np.float32)


@pytest.mark.parametrize(("count", "own"), [(40, 1.0), (6, 6 / 9)])
def test_the_density_is_that_of_the_shrunk_covariance(count, own):
    known, new = features(count), features(7, seed=1)
    fitted = PlaceGaussians.fit(lambda: np.split(known, 2))
    found, distances = fitted.log_density(new), fitted.distances(new)
    covariances = [np.cov(known[:, place].T, bias=True) for place in range(PLACES)]
    shared = np.mean(covariances, axis=0)
    for place, covariance in enumerate(covariances):
        joined = own * covariance + (1 - own) * shared
        shrunk = 0.99 * joined + 0.01 * np.trace(joined) / CHANNELS * np.eye(CHANNELS)
        wanted = multivariate_normal(known[:, place].mean(axis=0), shrunk).logpdf(new[:, place])
        np.testing.assert_allclose(found[:, place], wanted, rtol=1e-3)
        centred = new[:, place] - known[:, place].mean(axis=0)
        squares = np.einsum("nc,cd,nd->n", centred, np.linalg.inv(shrunk), centred)
        np.testing.assert_allclose(distances[:, place], squares, rtol=1e-3)


@pytest.mark.parametrize("known", [features(2), np.ones((3, PLACES, CHANNELS), np.float32)])
def test_few_or_equal_pictures_have_finite_densities(known):
    assert np.isfinite(PlaceGaussians.fit(lambda: [known]).log_density(features(3))).all()


def test_before_it_is_fitted_it_is_a_standard_normal():
    new = features(4)
    found = PlaceGaussians.unfitted(PLACES, CHANNELS).log_density(new)
    wanted = multivariate_normal(np.zeros(CHANNELS)).logpdf(new)
    np.testing.assert_allclose(found, wanted, rtol=1e-5)


def test_parts_are_the_chosen_channels_of_the_chosen_pictures():
    maps = np.random.default_rng(0).normal(size=(70, 2, 3, 4)).astype(np.float16)
    channels, pictures = np.array([1, 3]), np.arange(69, 2, -1)
    found = np.concatenate([*in_parts(maps, channels, pictures)])
    np.testing.assert_array_equal(found, maps[pictures][..., channels].reshape(67, 6, 2))
    assert found.dtype == np.float32
    assert sum(map(len, in_parts(maps, channels))) == 70
