"""Intervals of AUROC and of differences: exact near 1, and how often they cover."""

import numpy as np
import pytest
from scipy.stats import binomtest, norm

from tools.scores.bootstrap import auroc_draws, interval
from tools.scores.intervals import auroc_interval, clopper_pearson, difference_interval
from tools.scores.metrics import auroc


@pytest.mark.parametrize(("hits", "count"), [(0, 20), (7, 20), (20, 20), (999, 1000)])
def test_whole_numbers_of_hits_have_the_exact_binomial_interval(hits, count):
    expected = binomtest(hits, count).proportion_ci(0.95, method="exact")
    assert clopper_pearson(hits / count, count) == pytest.approx((expected.low, expected.high))


def test_a_perfect_score_has_an_interval_of_some_width():
    low, high = auroc_interval(1.0, np.ones(100), 1000)
    assert low == pytest.approx(0.9963, abs=1e-4)
    assert high == 1
    assert auroc_interval(0.0, np.zeros(100), 1000) == pytest.approx((0, 0.0037), abs=1e-4)


def test_far_from_the_ends_it_is_the_bootstrap():
    draws = np.random.default_rng(0).normal(0.8, 0.02, 1000)
    assert auroc_interval(0.8, draws, 300) == interval(draws)


def test_the_difference_of_a_score_from_itself_is_nothing():
    draws = np.random.default_rng(0).normal(0.8, 0.02, 1000)
    found = difference_interval((0.8, 0.8), np.stack([draws, draws]), 300)
    assert found == pytest.approx((0, 0), abs=0.005)


def test_the_difference_of_two_perfect_scores_is_not_known_to_be_nothing():
    low, high = difference_interval((1.0, 1.0), np.ones((2, 100)), 1000)
    assert low < -0.003
    assert high > 0.003


def drawn_scores(random, true, n_in, n_out, shape):
    """Scores of both sets whose true AUROC is `true`."""
    if shape == "normal":
        shift = norm.ppf(true) * np.sqrt(2)
        return random.normal(size=n_in), random.normal(shift, 1, n_out)
    if shape == "wide":  # out-of-distribution scores vary three times as much
        shift = norm.ppf(true) * np.sqrt(10)
        return random.normal(size=n_in), random.normal(shift, 3, n_out)
    looks_normal = random.random(n_out) < 2 * (1 - true)
    return random.normal(size=n_in), random.normal(100 * ~looks_normal, 1)


def coverage(true, n_in, n_out, shape, runs):
    """Share of runs whose interval holds the true AUROC."""
    hits = 0
    for run in range(runs):
        random = np.random.default_rng([run, n_in])
        inside, outside = drawn_scores(random, true, n_in, n_out, shape)
        draws = auroc_draws(inside[None], outside[None], draws=200, seed=run)[0]
        low, high = auroc_interval(auroc(inside, outside), draws, min(n_in, n_out))
        hits += low <= true <= high
    return hits / runs


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["normal", "wide", "some_look_normal"])
@pytest.mark.parametrize("size", [300, 1000])
@pytest.mark.parametrize("true", [0.99, 0.999, 0.9999, 0.99999, 0.999999])
def test_the_interval_covers_near_one(true, size, shape):
    assert coverage(true, size, size, shape, runs=400) >= 0.93


def test_the_interval_covers_a_nearly_perfect_score():
    assert coverage(0.9999, 300, 300, "normal", runs=40) >= 0.93


@pytest.mark.slow
@pytest.mark.parametrize("aurocs", [(0.9, 0.88), (0.99, 0.985), (0.999, 0.99), (0.9999, 0.999)])
def test_the_interval_of_a_difference_covers(aurocs):
    size, runs, hits = 500, 300, 0
    shifts = norm.ppf(aurocs) * np.sqrt(2)
    for run in range(runs):
        random = np.random.default_rng(run)
        shared_in, shared_out = random.normal(size=size), random.normal(size=size)
        inside = np.stack([np.sqrt(0.7) * shared_in + np.sqrt(0.3) * random.normal(size=size)] * 2)
        outside = np.stack(
            [
                np.sqrt(0.7) * shared_out + np.sqrt(0.3) * random.normal(size=size) + shift
                for shift in shifts
            ]
        )
        draws = auroc_draws(inside, outside, draws=200, seed=run)
        found = tuple(auroc(inside[line], outside[line]) for line in range(2))
        low, high = difference_interval(found, draws, size)
        hits += low <= aurocs[0] - aurocs[1] <= high
    assert hits / runs >= 0.93
