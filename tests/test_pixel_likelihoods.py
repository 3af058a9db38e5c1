import numpy as np
import pytest

from vae_wgan.pixel_likelihoods import LIKELIHOODS

LOGITS = np.array([-4.0, -0.3, 0.0, 0.7, 5.0], np.float32).reshape(1, 5, 1, 1)


def test_bernoulli_on_grey_values_is_the_cross_entropy_summed_over_pixels():
    grey = np.array([0.0, 0.2, 0.5, 0.9, 1.0], np.float32).reshape(1, 5, 1, 1)
    p = 1 / (1 + np.exp(-LOGITS.astype(np.float64)))
    expected = (grey * np.log(p) + (1 - grey) * np.log(1 - p)).sum()
    np.testing.assert_allclose(
        LIKELIHOODS["bernoulli"](LOGITS).log_prob(grey), [expected], rtol=1e-5
    )


@pytest.mark.parametrize("logit", LOGITS.ravel())
def test_continuous_bernoulli_integrates_to_one(logit):
    grid = np.linspace(0, 1, 2001, dtype=np.float32).reshape(-1, 1, 1, 1)
    distribution = LIKELIHOODS["continuous_bernoulli"](np.full((1, 1, 1, 1), logit, np.float32))
    density = np.exp(distribution.log_prob(grid))
    np.testing.assert_allclose(np.trapezoid(density, grid.ravel()), 1, rtol=1e-3)
