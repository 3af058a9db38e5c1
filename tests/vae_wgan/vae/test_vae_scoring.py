"""Which passes there are, and that none changes what another says."""

import numpy as np
import pytest

from tools.scores.score_registry import GRADIENT_NORMS
from vae_wgan.settings.vae_settings import VAESettings
from vae_wgan.vae.vae import VAE, VAEArchitecture
from vae_wgan.vae.vae_scoring import VAEScoring

SETTINGS = VAESettings(latent_size=3, base_depth=2, n_flows=1, n_samples=2, compile=False)
ALL = {GRADIENT_NORMS, "likelihood_regret"}
RNG = np.random.default_rng(0)
IMAGES, IDS = RNG.random((9, 28, 28, 1), np.float32), RNG.permutation(100)[:9]


@pytest.fixture(scope="module")
def vae():
    return VAE((28, 28, 1), VAEArchitecture(3, 2, n_flows=1), seed=0)


@pytest.fixture(scope="module")
def everything(vae):
    """The scoring with all passes, and what it says."""
    scoring = VAEScoring(vae, SETTINGS, ALL)
    return scoring, scoring.score(IMAGES, IDS, seed=3)


def test_costly_passes_are_made_only_if_needed(vae):
    assert set(VAEScoring(vae, SETTINGS, {"iwae"}).passes) == {"sampling", "posterior mean"}
    gradients = VAEScoring(vae, SETTINGS, {GRADIENT_NORMS, "laplace"})
    assert set(gradients.passes) == {"sampling", "posterior mean", "gradients"}
    regret = VAEScoring(vae, SETTINGS, {"likelihood_regret"})
    assert set(regret.passes) == {"sampling", "posterior mean", "regret"}


def test_every_pass_gives_finite_values_of_its_own_for_each_image(everything):
    scoring, scores = everything
    passes = [scoring.score_in(name, IMAGES, IDS, seed=3) for name in scoring.passes]
    assert sum(len(values) for values in passes) == len(scores)
    for name, values in scores.items():
        assert values.shape == (9,), name
        assert values.dtype == np.float32, name
        assert np.isfinite(values).all(), name


def test_further_passes_change_no_bit_of_the_others(vae, everything):
    for name, values in VAEScoring(vae, SETTINGS, ()).score(IMAGES, IDS, 3).items():
        np.testing.assert_array_equal(values, everything[1][name], err_msg=name)


def test_no_value_depends_on_the_other_images(everything):
    scoring, scores = everything
    order = [4, 8, 1]
    for name, values in scoring.score(IMAGES[order], IDS[order], seed=3).items():
        np.testing.assert_allclose(values, scores[name][order], rtol=1e-4, atol=1e-4, err_msg=name)


def test_only_what_is_drawn_depends_on_ids_and_seed(everything):
    scoring, scores = everything
    drawn = {"iwae", "elbo", "rate", "distortion", "log_weight_variance", "likelihood_regret"}
    for ids, seed in [(IDS, 4), (IDS + 1, 3)]:
        for name, values in scoring.score(IMAGES, ids, seed).items():
            assert np.any(values != scores[name]) == (name in drawn), name


def test_every_pass_is_measured(vae, everything):
    assert everything[0].stopwatch.per_thousand().keys() >= {"sampling", "regret"}
    assert all(cost > 0 for cost in everything[0].stopwatch.per_thousand().values())
