"""Calibrated scores against their definitions, slowly."""

import numpy as np
import pytest
from scipy import spatial, stats

from tools.scores.calibrated import (
    density_of_states,
    fisher,
    gaussian_distance,
    independent_normals,
    is_unlike_all,
    shrunk_distance,
    typicality,
    unexplained_log_likelihood,
)
from tools.scores.conformal import p_values

RNG = np.random.default_rng(0)
CALIBRATION = RNG.normal(size=(3, 60)) * [[1], [5], [0.1]] + [[0], [-100], [7]]
VALUES = np.concatenate([RNG.permuted(CALIBRATION, axis=1)[:, :5], CALIBRATION[:, :2] + 1], axis=1)


def test_p_values_count_the_calibration_examples_that_are_no_less_anomalous():
    scores = np.array([0.0, 1.0, 1.5, 9.0])
    calibration = np.array([1.0, 3.0, 1.0, 2.0])
    slow = [(1 + sum(c >= s for c in calibration)) / 5 for s in scores]
    np.testing.assert_allclose(p_values(scores, calibration), slow)


def test_p_values_of_exchangeable_examples_hold_their_level():
    draws = RNG.normal(size=(4000, 20))
    p = np.array([p_values(row[:1], row[1:])[0] for row in draws])
    for level in (0.05, 0.25, 0.5):
        assert np.mean(p <= level) == pytest.approx(level, abs=3 * np.sqrt(level / 4000))


def test_typicality_is_the_distance_to_each_members_mean():
    slow = [[abs(v - np.mean(c)) for v in vs] for vs, c in zip(VALUES, CALIBRATION, strict=True)]
    np.testing.assert_allclose(typicality(CALIBRATION)(VALUES), slow)


def test_what_one_covariate_explains_is_taken_away_by_scipys_line():
    bits, calibration_bits = RNG.uniform(900, 4000, (1, 7)), RNG.uniform(1000, 3000, (1, 60))
    found = unexplained_log_likelihood(CALIBRATION, calibration_bits)(VALUES, bits)
    for member in range(3):
        line = stats.linregress(calibration_bits[0], CALIBRATION[member])
        lowest = min(line.intercept + line.slope * b for b in calibration_bits[0])
        middle = np.mean(calibration_bits)
        furthest = np.abs(calibration_bits - middle).max()
        floors = [
            lowest if abs(b - middle) <= furthest else CALIBRATION[member].mean() for b in bits[0]
        ]
        explained = np.maximum(line.intercept + line.slope * bits[0], floors)
        np.testing.assert_allclose(found[member], VALUES[member] - explained, atol=1e-9)


def test_covariates_further_than_all_calibration_examples_excuse_no_lower_likelihood():
    mixing = np.array([[2.0, 0.0], [900.0, 100.0]])  # correlated, and of different sizes
    covariates = mixing @ RNG.normal(size=(2, 60))
    log_likelihood = np.array([[-1.0, 0.01]]) @ covariates - 50 + RNG.normal(size=(1, 60))
    # Inside, outside of one, and outside of none but of the two together.
    examples = np.array([[0.5, 9.0, 3.0], [300.0, 3000.0, -1500.0]])
    inverse = np.linalg.inv(np.cov(covariates, bias=True))
    centre = covariates.mean(axis=1)

    def distance(point):
        return spatial.distance.mahalanobis(point, centre, inverse)

    furthest = max(map(distance, covariates.T))
    assert [distance(point) > furthest for point in examples.T] == [False, True, True]
    assert is_unlike_all(covariates)(examples).tolist() == [False, True, True]
    found = unexplained_log_likelihood(log_likelihood, covariates)(np.full((1, 3), -60.0), examples)
    design = np.stack([np.ones(60), *covariates])
    weights = np.linalg.lstsq(design.T, log_likelihood[0])[0]
    lowest, middle = (weights @ design).min(), log_likelihood.mean()
    explained = np.maximum(weights[0] + weights[1:] @ examples, [lowest, middle, middle])
    np.testing.assert_allclose(found, [-60 - explained])


def test_what_lies_beyond_all_calibration_examples_excuses_no_lower_likelihood():
    bits = np.linspace(1000, 3000, 50)[np.newaxis]
    log_likelihood = 100 - 0.5 * bits
    found = unexplained_log_likelihood(log_likelihood, bits)(
        np.array([[-1400.0, -4900.0, 400.0]]), np.array([[3000.0, 10_000.0, -600.0]])
    )
    np.testing.assert_allclose(found, [[0, -4000, 0]], atol=1e-9)  # -4900 less the mean, -900


def test_what_covariates_explain_wholly_leaves_nothing():
    covariates, slopes = RNG.normal(size=(2, 60)), RNG.normal(size=(3, 2))
    log_likelihood = slopes @ covariates - 100
    found = unexplained_log_likelihood(log_likelihood, covariates)(
        log_likelihood[:, :7] - 1, covariates[:, :7]
    )
    np.testing.assert_allclose(found, -1)


def test_equal_covariates_leave_the_distance_to_the_mean():
    found = unexplained_log_likelihood(CALIBRATION, np.full((2, 60), 8.0))(
        VALUES, np.full((2, 7), 8.0)
    )
    np.testing.assert_allclose(found, VALUES - CALIBRATION.mean(axis=1, keepdims=True))


@pytest.mark.parametrize(
    ("values", "calibration"),
    [(VALUES, CALIBRATION), np.split(np.random.default_rng(1).normal(size=(6, 4000)), 2)],
    ids=["few", "many, of which the furthest are left out"],
)
def test_density_of_states_is_the_sum_of_scipys_kernel_estimates_up_to_a_constant(
    values, calibration
):
    def slow_log_density(values, fitted):
        # gaussian_kde takes the deviation with n - 1 below, StandardScaler that with n.
        ratio = np.std(fitted) / np.std(fitted, ddof=1)
        kde = stats.gaussian_kde(fitted, lambda kde: kde.silverman_factor() * ratio)
        return kde.logpdf(values)

    slow = -sum(map(slow_log_density, values, calibration))
    found = density_of_states(calibration)(values)
    np.testing.assert_allclose(found - found[0], slow - slow[0], rtol=1e-6, atol=1e-7)


def test_far_values_stay_finite_and_in_order():
    far = np.array([10.0, 1e3, 1e6]) * np.ones((3, 1))
    for values in (
        density_of_states(CALIBRATION)(far),
        gaussian_distance(CALIBRATION)(far),
        shrunk_distance(CALIBRATION)(far),
    ):
        assert np.isfinite(values).all()
        assert (np.diff(values) > 0).all()


def test_gaussian_distance_of_normal_statistics_is_chi_squared():
    statistics = RNG.multivariate_normal([1, 2], [[2, 0.9], [0.9, 1]], size=4000).T
    distances = gaussian_distance(statistics[:, 2000:])(statistics[:, :2000])
    assert stats.kstest(distances, "chi2", args=(2,)).pvalue > 0.01


def test_fisher_is_chi_squared_where_nothing_is_anomalous():
    scores = RNG.normal(size=(3, 5000))
    combined = fisher(scores[:, 2000:])(scores[:, :2000])
    assert combined.mean() == pytest.approx(6, abs=0.3)
    p = [p_values(s, c) for s, c in zip(scores[:, :2000], scores[:, 2000:], strict=True)]
    slow = [stats.combine_pvalues(column).statistic for column in np.transpose(p)[:20]]
    np.testing.assert_allclose(combined[:20], slow)


def test_shrunk_distance_is_that_of_ledoit_and_wolf_by_their_formulas():
    mixed = np.random.default_rng(3).normal(size=(4, 4))
    fitted = mixed @ np.random.default_rng(4).normal(size=(4, 25)) + 7
    rows = (fitted - fitted.mean(axis=1, keepdims=True)).T
    sample = rows.T @ rows / 25
    target = np.trace(sample) / 4 * np.eye(4)
    spread = sum(np.sum((np.outer(row, row) - sample) ** 2) for row in rows) / 25**2
    share = min(1, spread / np.sum((sample - target) ** 2))
    assert 0 < share < 1
    inverse = np.linalg.inv((1 - share) * sample + share * target)
    point = np.array([8.0, 5.0, 7.0, 9.0])
    gap = point - fitted.mean(axis=1)
    np.testing.assert_allclose(shrunk_distance(fitted)(point[:, None]), [gap @ inverse @ gap])


def test_independent_normals_are_summed_over_statistics():
    random = np.random.default_rng(8)
    fitted = random.normal([[2], [-1], [0]], [[1], [5], [0.1]], size=(3, 50))
    statistics = random.normal(size=(3, 7))
    expected = np.zeros(7)
    for line, values in zip(statistics, fitted, strict=True):
        z = (line - values.mean()) / values.std()
        expected += z**2 / 2 + np.log(values.std() * np.sqrt(2 * np.pi))
    np.testing.assert_allclose(independent_normals(fitted)(statistics), expected)


def test_far_values_stay_far_where_the_power_has_a_bound():
    """A long left tail has a power that ends: by it alone 1e9 would be a few deviations off."""
    calibration = -(np.random.default_rng(3).lognormal(sigma=0.3, size=(1, 500)) ** -8)
    distance = gaussian_distance(calibration)
    steps = np.array([[0, 1, 10, 1e6]])
    for values in (calibration.min() * (1 + steps), calibration.max() + steps):
        assert (np.diff(distance(values)) > 0).all()
        assert distance(values)[-1] > 1e6


def test_beyond_the_range_the_power_goes_on_as_its_tangent():
    calibration = np.random.default_rng(4).lognormal(size=(2, 300))
    distance = gaussian_distance(calibration)
    top = calibration.max(axis=1)
    step = 1e-6 * top
    inside, outside = (distance(np.stack([top + k * step], 1))[0] for k in (-1, 1))
    at_top = distance(top[:, None])[0]
    assert outside - at_top == pytest.approx(at_top - inside, rel=1e-3)


def test_a_power_of_values_that_hardly_vary_stays_finite():
    random = np.random.default_rng(2)
    calibration = np.float32([4, 0.02, 3.99]).reshape(3, 1) + np.float32(1e-4) * random.normal(
        size=(3, 9)
    ).astype(np.float32)
    distance = gaussian_distance(calibration)
    assert np.isfinite(distance(calibration)).all()
    far = distance(calibration[:, :3] + np.float32([0.01, 1, 100]))
    assert np.isfinite(far).all()
    assert (np.diff(far) > 0).all()
