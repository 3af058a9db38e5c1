"""A Gaussian at each place, against SciPy's."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from vae_wgan.features.place_gaussians import PlaceGaussians

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
    found = PlaceGaussians.fit(lambda: np.split(known, 2)).log_density(new)
    covariances = [np.cov(known[:, place].T, bias=True) for place in range(PLACES)]
    shared = np.mean(covariances, axis=0)
    for place, covariance in enumerate(covariances):
        joined = own * covariance + (1 - own) * shared
        shrunk = 0.99 * joined + 0.01 * np.trace(joined) / CHANNELS * np.eye(CHANNELS)
        wanted = multivariate_normal(known[:, place].mean(axis=0), shrunk).logpdf(new[:, place])
        np.testing.assert_allclose(found[:, place], wanted, rtol=1e-3)


@pytest.mark.parametrize("known", [features(2), np.ones((3, PLACES, CHANNELS), np.float32)])
def test_few_or_equal_pictures_have_finite_densities(known):
    assert np.isfinite(PlaceGaussians.fit(lambda: [known]).log_density(features(3))).all()


def test_before_it_is_fitted_it_is_a_standard_normal():
    new = features(4)
    found = PlaceGaussians.unfitted(PLACES, CHANNELS).log_density(new)
    wanted = multivariate_normal(np.zeros(CHANNELS)).logpdf(new)
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
