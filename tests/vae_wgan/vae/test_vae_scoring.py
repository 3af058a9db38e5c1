"""Which passes there are, and that none changes what another says."""

import numpy as np
import pytest

from tools.scores.costs import PASSES, SAMPLING, passes_of
from tools.scores.score_registry import GRADIENT_NORMS, met_by
from vae_wgan.settings.vae_settings import VAESettings
from vae_wgan.vae.vae_member import VAEMember, new_vae
from vae_wgan.vae.vae_scoring import scoring_passes

SETTINGS = VAESettings(latent_size=3, base_depth=2, n_flows=1, n_samples=2, compile=False)
ALL = {GRADIENT_NORMS, "likelihood_regret"}
RNG = np.random.default_rng(0)
IMAGES, IDS = RNG.random((9, 28, 28, 1), np.float32), RNG.permutation(100)[:9]


@pytest.fixture(scope="module")
def everything():
    """A member with all passes, and its quantities."""
    member = VAEMember(SETTINGS, (28, 28, 1), IMAGES[:2], ALL)
    return member, member.score(IMAGES, IDS, seed=3)


def test_costly_passes_are_made_only_if_needed():
    vae = new_vae(SETTINGS, (28, 28, 1), seed=0)
    found = [
        set(scoring_passes(lambda precision: vae, SETTINGS, quantities))
        - {"sampling", "posterior mean"}
        for quantities in ({"iwae"}, {GRADIENT_NORMS, "laplace"}, {"likelihood_regret"})
    ]
    assert found == [set(), {"gradients"}, {"regret"}]


def test_a_pass_gives_what_the_costs_of_scores_take_it_for(everything):
    member, _ = everything
    for name in member.passes:
        found = member.score_in(name, IMAGES, IDS, seed=3).keys()
        priced = set().union(*(met_by(need, found) for need in PASSES.get(name, ())))
        assert priced == found or (name == SAMPLING and passes_of(found) == {SAMPLING}), name


def test_every_pass_gives_finite_values_of_its_own_for_each_image(everything):
    scoring, scores = everything
    passes = [scoring.score_in(name, IMAGES, IDS, seed=3) for name in scoring.passes]
    assert sum(len(values) for values in passes) == len(scores)
    for name, values in scores.items():
        assert values.shape == (9,), name
        assert values.dtype == np.float32, name
        assert np.isfinite(values).all(), name


def test_further_passes_change_no_bit_of_the_others(everything):
    member, _ = everything
    few = VAEMember(SETTINGS, (28, 28, 1), IMAGES[:2]).with_state(member.state())
    for name, values in few.score(IMAGES, IDS, 3).items():
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


def test_every_pass_is_measured(everything):
    member, _ = everything
    assert member.costs.keys() >= {"sampling", "regret"}
    assert all(cost > 0 for cost in member.costs.values())
