"""p-values: their definition, and the rate of false alarms that they promise."""

import numpy as np
import pytest

from tools.scores.conformal import (
    cross_fitted_scores,
    log_p_values,
    p_values,
    smallest_p_value,
    threshold_at,
)
from tools.scores.score_registry import FITTED_SCORES

MEMBERS, PARTS = 5, 12  # of a quantity with several, such as the tensors of gradients
FRESH = 1000


def test_p_values_count_the_calibration_rows_at_least_as_anomalous():
    found = p_values(np.array([0.5, 3.0, 9.0]), np.array([1.0, 3.0, 2.0]))
    np.testing.assert_allclose(found, [4 / 4, 2 / 4, 1 / 4])


def test_the_smallest_p_value_is_that_of_the_most_anomalous():
    found = p_values(np.array([9.0]), np.arange(7.0))
    np.testing.assert_allclose(found, smallest_p_value(7))


def test_log_p_values_are_those_inside_and_keep_order_outside():
    calibration = np.random.default_rng(0).normal(size=50)
    inside = np.linspace(-3, calibration.max(), 20)
    np.testing.assert_allclose(
        log_p_values(inside, calibration), np.log(p_values(inside, calibration))
    )
    beyond = calibration.max() + np.array([1e-6, 1, 100, 1e9, 1e300])
    assert (np.diff(log_p_values(beyond, calibration)) < 0).all()
    assert np.isfinite(log_p_values(np.array([1.7e308]), np.array([1e-300, 2e-300]))).all()


def test_equal_calibration_scores_have_a_tail_too():
    found = log_p_values(np.array([1.0, 1.0 + 1e-9, 2.0]), np.ones(10))
    assert found[0] == 0
    assert found[0] > found[1] > found[2]


def mean_fitted(calibration):
    """Distance from the mean of the examples it is fitted on."""
    mean = calibration["x"][0].mean()
    return lambda examples: np.abs(examples["x"][0] - mean)


def test_each_example_is_scored_by_a_fit_without_its_fold():
    x = np.random.default_rng(1).normal(size=(1, 11))
    fits = []

    def fit(calibration):
        fits.append(set(calibration["x"][0].tolist()))
        return mean_fitted(calibration)

    found = cross_fitted_scores(fit, {"x": x}, seed=0, folds=3)
    assert sorted(map(len, fits)) == [7, 7, 8]
    for value, score in zip(x[0].tolist(), found, strict=True):
        (without,) = (values for values in fits if value not in values)
        assert score == pytest.approx(abs(value - np.mean(list(without))))


def test_fewer_examples_than_folds_are_each_left_out_alone():
    found = cross_fitted_scores(mean_fitted, {"x": np.array([[0.0, 3.0]])}, seed=0)
    np.testing.assert_allclose(found, [3, 3])


@pytest.mark.parametrize("count", [5, 19, 20, 39, 99, 100, 1000])
@pytest.mark.parametrize("target", [0.05, 0.01, 0.5])
def test_scores_above_the_threshold_are_those_with_a_small_p_value(count, target):
    random = np.random.default_rng(count)
    calibration = random.normal(size=count).round(1)  # some are tied
    scores = np.concatenate([calibration, random.normal(size=200), [99.0]])
    above = scores > threshold_at(calibration, target)
    np.testing.assert_array_equal(above, p_values(scores, calibration) <= target)


def made_up_statistics(count, random, names):
    """Statistics that members and input of one distribution have, correlated as in real runs."""
    content = random.normal(size=(3, count))  # what all of them depend on

    def lines(members, scale):
        shared = scale * (random.normal(size=3) @ content + random.standard_t(4, count))
        return shared + 0.3 * scale * random.normal(size=(members, count))

    inputs = {"complexity", "highest_log_likelihood", "brightness", "variation"}
    return {name: lines(1 if name in inputs else MEMBERS, 10) for name in sorted(names)}


def false_alarm_rates(key, count, targets, repeats):
    """Mean realised rates at the targets over runs with `count` calibration rows each."""
    fit, needs = FITTED_SCORES[key].fit, FITTED_SCORES[key].needs
    parts = [f"{part:02d}" for part in range(PARTS)]
    names = [need + part for need in needs for part in (parts if need[-1] == "." else [""])]
    rates = np.zeros((repeats, len(targets)))
    for repeat in range(repeats):
        random = np.random.default_rng([repeat, count])
        everything = made_up_statistics(count + FRESH, random, names)
        calibration = {name: values[:, :count] for name, values in everything.items()}
        fresh = {name: values[:, count:] for name, values in everything.items()}
        found = p_values(fit(calibration)(fresh), cross_fitted_scores(fit, calibration, seed=0))
        rates[repeat] = [(found <= target).mean() for target in targets]
    return rates.mean(axis=0)


def assert_promises_hold(key, count, repeats):
    targets = np.array([0.05, 0.01])
    # A rate varies with the calibration rows, more than with the fresh ones.
    errors = np.sqrt(targets * (1 - targets) * (1 / count + 1 / FRESH) / repeats)
    rates = false_alarm_rates(key, count, targets, repeats)
    assert (rates <= targets + 3 * errors).all(), (key, count, rates)


@pytest.mark.parametrize("key", FITTED_SCORES)
def test_false_alarms_keep_their_promise_with_few_rows(key):
    assert_promises_hold(key, 50, repeats=2)


@pytest.mark.slow
@pytest.mark.parametrize("count", [50, 100, 300, 1000, 3000])
@pytest.mark.parametrize("key", FITTED_SCORES)
def test_false_alarms_keep_their_promise(key, count):
    assert_promises_hold(key, count, repeats=30 if count <= 300 else 10)
