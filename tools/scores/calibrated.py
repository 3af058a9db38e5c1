"""Formulas of the scores that are fitted on the calibration split.

Each function takes the values of the calibration examples and returns a function of the values of
any examples: it is fitted once for all of them, and no test and no out-of-distribution value enters
the fit. Log likelihoods are higher = more normal, all others higher = more anomalous.

Their libraries are imported where they are used: flags name the scores and need not wait for them.
"""

from collections.abc import Callable

import numpy as np

from tools.scores.conformal import log_p_values

Formula = Callable[[np.ndarray], np.ndarray]
SMALLEST_SCALE = 1e-6
SMALLEST_SHARE = 1e-8  # of a density
LARGEST_POWER = 20.0  # of Yeo and Johnson


def typicality(calibration: np.ndarray) -> Formula:
    """abs(l - mean of l over the calibration split), nats: higher = more anomalous.

    Nalisnick et al. 2019, https://arxiv.org/abs/1906.02994, for single examples.

    Args:
        calibration: Log likelihoods of the calibration examples [member, example].

    Returns:
        Function from log likelihoods [member, example] to distances [member, example].
    """
    centre = calibration.mean(axis=1, keepdims=True)
    return lambda log_likelihood: np.abs(log_likelihood - centre)


def unexplained_log_likelihood(
    calibration: np.ndarray, calibration_covariates: np.ndarray
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """What simple properties of the input do not explain of l, nats: higher = more normal.

    l minus its linear regression on the covariates, fitted to each member by least squares. What
    they explain is never lower than for any calibration example, and not below the mean where the
    covariates are unlike those of all calibration examples (see `is_unlike_all`): a line that is
    followed so far would excuse any likelihood.

    With the input's complexity as the only covariate it stands for the score of Serra et al. 2020,
    https://arxiv.org/abs/1909.11480, who subtract the complexity itself; that asks for a
    likelihood in bits of the pixels, which a Bernoulli decoder has not.

    Args:
        calibration: Log likelihoods of the calibration examples [member, example], nats.
        calibration_covariates: [covariate, example]; see tools.scores.input_statistics.

    Returns:
        Function from log likelihoods [member, example] and covariates [covariate, example] to what
        is left [member, example].
    """
    from sklearn.linear_model import LinearRegression
    from sklearn.preprocessing import StandardScaler

    # Covariates are of very different sizes.
    scaler = StandardScaler().fit(calibration_covariates.T)
    fitted = scaler.transform(calibration_covariates.T)
    regression = LinearRegression().fit(fitted, calibration.T)
    of_calibration = regression.predict(fitted)
    lowest, middle = of_calibration.min(axis=0), of_calibration.mean(axis=0)
    is_unlike = is_unlike_all(calibration_covariates)

    def unexplained(log_likelihood: np.ndarray, covariates: np.ndarray) -> np.ndarray:
        explained = regression.predict(scaler.transform(covariates.T))
        floor = np.where(is_unlike(covariates)[:, np.newaxis], middle, lowest)
        return log_likelihood - np.maximum(explained, floor).T

    return unexplained


def is_unlike_all(calibration: np.ndarray) -> Formula:
    """Which examples are further from the mean than every calibration example.

    Args:
        calibration: Covariates of the calibration examples [covariate, example].

    Returns:
        Function from covariates [covariate, example] to bool [example], by the Mahalanobis
        distance.
    """
    from sklearn.covariance import EmpiricalCovariance
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(calibration.T)
    fitted = scaler.transform(calibration.T)
    distance = EmpiricalCovariance().fit(fitted).mahalanobis
    furthest = distance(fitted).max()
    return lambda covariates: distance(scaler.transform(covariates.T)) > furthest


def density_of_states(calibration: np.ndarray) -> Formula:
    """-sum_i log KDE_i(t_i), nats: higher = more anomalous.

    DoSE, Morningstar et al. 2021, https://arxiv.org/abs/2006.09273: one kernel density estimate for
    each statistic, with Gaussian kernels of Silverman's bandwidth.

    Args:
        calibration: Statistics of the calibration examples [statistic, example].

    Returns:
        Function from statistics [statistic, example] to scores [example].
    """
    from sklearn.neighbors import KernelDensity
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(calibration.T)  # Silverman's rule knows no scale
    # Kernels too far away to matter are left out: of 10,000 examples it is three times faster.
    densities = [
        KernelDensity(bandwidth="silverman", rtol=SMALLEST_SHARE).fit(values[:, np.newaxis])
        for values in scaler.transform(calibration.T).T
    ]

    def score(statistics: np.ndarray) -> np.ndarray:
        pairs = zip(densities, scaler.transform(statistics.T).T, strict=True)
        logs = [density.score_samples(values[:, np.newaxis]) for density, values in pairs]
        return -np.sum(logs, axis=0)

    return score


def gaussian_distance(calibration: np.ndarray) -> Formula:
    """Squared Mahalanobis distance of statistics made normal: higher = more anomalous.

    Each statistic goes through a Yeo-Johnson power that makes the calibration's values as normal as
    possible. Beyond the calibration values' range the power is continued linearly: some powers are
    bounded, and no value would be far from the others. Of values that hardly vary the best power is
    beyond what arithmetic holds, so powers are limited.

    Args:
        calibration: Statistics of the calibration examples [statistic, example].

    Returns:
        Function from statistics [statistic, example] to distances [example].
    """
    from sklearn.covariance import EmpiricalCovariance
    from sklearn.preprocessing import PowerTransformer

    fitted = np.asarray(calibration, float).T
    power = PowerTransformer(standardize=False).fit(fitted)
    power.lambdas_ = power.lambdas_.clip(-LARGEST_POWER, LARGEST_POWER)
    normal = EmpiricalCovariance().fit(power.transform(fitted))
    ends = np.stack([fitted.min(axis=0), fitted.max(axis=0)])
    slopes = _slopes(power.lambdas_, ends)

    def distance(statistics: np.ndarray) -> np.ndarray:
        values = statistics.T
        inside = np.clip(values, *ends)
        side = (values > inside).astype(int)  # 0 below the range, 1 above it
        beyond = (values - inside) * np.take_along_axis(slopes, side, axis=0)
        return normal.mahalanobis(power.transform(inside) + beyond)

    return distance


def _slopes(exponents: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Derivatives of the Yeo-Johnson powers [statistic] at values [value, statistic]."""
    sign = np.where(values < 0, -1, 1)
    return (np.abs(values) + 1) ** (sign * (exponents - 1))


def shrunk_distance(calibration: np.ndarray) -> Formula:
    """Squared Mahalanobis distance: higher = more anomalous.

    For many statistics in one unit that go together: their covariance is shrunk towards a multiple
    of the identity (Ledoit and Wolf 2004, https://doi.org/10.1016/S0047-259X(03)00096-4).

    Args:
        calibration: Statistics of the calibration examples [statistic, example].

    Returns:
        Function from statistics [statistic, example] to distances [example].
    """
    from sklearn.covariance import LedoitWolf

    fitted = LedoitWolf().fit(calibration.T)
    return lambda statistics: fitted.mahalanobis(statistics.T)


def fisher(calibration: np.ndarray) -> Formula:
    """-2 * sum_i log p_i: higher = more anomalous; p as `log_p_values` has it.

    Fisher's combination of p-values, as in Bergamin et al. 2022, https://arxiv.org/abs/2207.12047.

    Args:
        calibration: Scores of the calibration examples [score, example], higher = more anomalous.

    Returns:
        Function from scores [score, example] to their combination [example].
    """
    ordered = np.sort(calibration, axis=1)

    def combined(scores: np.ndarray) -> np.ndarray:
        pairs = zip(scores, ordered, strict=True)
        return -2 * np.sum([log_p_values(*pair) for pair in pairs], axis=0)

    return combined


def independent_normals(calibration: np.ndarray) -> Formula:
    """-sum_i log N(t_i; m_i, s_i**2), nats: higher = more anomalous.

    m and s are mean and standard deviation of the calibration examples' values. With the log norms
    of the gradient by tensor it is the score of Dauncey et al. 2024,
    https://arxiv.org/abs/2403.01485.

    Args:
        calibration: Statistics of the calibration examples [statistic, example].

    Returns:
        Function from statistics [statistic, example] to scores [example].
    """
    from scipy.stats import norm

    # The floor is for statistics that never vary in the calibration split.
    scales = np.maximum(calibration.std(axis=1, keepdims=True), SMALLEST_SCALE)
    means = calibration.mean(axis=1, keepdims=True)
    return lambda statistics: -norm.logpdf(statistics, means, scales).sum(axis=0)
