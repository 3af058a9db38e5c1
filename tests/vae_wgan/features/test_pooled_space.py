"""The Gaussian of pooled features, against scikit-learn's covariance and SciPy's density."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm
from sklearn.covariance import LedoitWolf

from vae_wgan.features import pooled_space
from vae_wgan.features.pooled_space import PooledSpace

SIZE = 12


def pooled(count, seed=0):
    draw = np.random.default_rng(seed)
    return draw.normal(size=(count, SIZE)) @ np.random.default_rng(9).normal(size=(SIZE, SIZE))


@pytest.mark.parametrize("components", [0, 3])
@pytest.mark.parametrize("count", [8, 60])
def test_with_the_leading_components_it_is_the_shrunk_gaussian(count, components):
    space, new = PooledSpace.fit(pooled(count), components), pooled(5, seed=1)
    covariance = LedoitWolf(assume_centered=True).fit(space.standardised(pooled(count))).covariance_
    wanted = multivariate_normal(np.zeros(SIZE), covariance).logpdf(space.standardised(new))
    rows = space.flow_rows(new, components)
    found = space.log_density(new) + norm.logpdf(rows[:, : int(space.leading)]).sum(axis=1)
    # The whitening of the leading components is a change of units.
    np.testing.assert_allclose(found, wanted, rtol=1e-4)


def test_directions_without_an_axis_share_a_variance(monkeypatch):
    whole = PooledSpace.fit(pooled(60), 2)
    monkeypatch.setattr(pooled_space, "MOST_AXES", 4)
    short = PooledSpace.fit(pooled(60), 2)
    assert short.axes.shape == (SIZE, 4)
    assert short.further == pytest.approx(whole.variances[4:].mean())


def test_a_flow_gets_no_more_components_than_pictures_allow():
    space = PooledSpace.fit(pooled(8), components=5)
    rows = space.flow_rows(pooled(8), 5)
    assert space.leading == 2 and rows.shape == (8, 5)
    assert not rows[:, 2:].any() and rows[:, :2].all()
