"""Formulas of the scores that are fitted on the calibration split.

Each function takes the values of the calibration examples and returns a function of the values of
any examples: it is fitted once for all of them, and no test and no out-of-distribution value enters
the fit. Log likelihoods are higher = more normal, all others higher = more anomalous.

Their libraries are imported where they are used: flags name the scores and need not wait for them.
"""

from collections.abc import Callable
from functools import singledispatch
from typing import NamedTuple

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


class Outside(NamedTuple):
    """Tells which examples are further from the mean than every calibration example.

    Attributes:
        centre: Mean of the covariates [covariate].
        scale: Their standard deviations [covariate].
        precision: Inverse covariance of the standardised ones [covariate, covariate].
        furthest: Largest squared Mahalanobis distance of a calibration example.
    """

    centre: np.ndarray
    scale: np.ndarray
    precision: np.ndarray
    furthest: float

    def __call__(self, covariates: np.ndarray) -> np.ndarray:
        """From covariates [covariate, example] to bool [example]."""
        return self.distance(covariates) > self.furthest

    def distance(self, covariates: np.ndarray) -> np.ndarray:
        """Squared Mahalanobis distance from the mean [example]."""
        standard = (covariates.T - self.centre) / self.scale
        return ((standard @ self.precision) * standard).sum(axis=1)


class Unexplained(NamedTuple):
    """What a fitted line leaves of log likelihoods; see `unexplained_log_likelihood`.

    Attributes:
        slopes: [covariate, member], of covariates standardised as by `outside`.
        offsets: [member].
        lowest: What is explained of a calibration example at least [member].
        middle: What is explained on average [member].
        outside: Tells where covariates are unlike all that were fitted.
    """

    slopes: np.ndarray
    offsets: np.ndarray
    lowest: np.ndarray
    middle: np.ndarray
    outside: Outside

    def __call__(self, log_likelihood: np.ndarray, covariates: np.ndarray) -> np.ndarray:
        """What is left [member, example] of [member, example] and [covariate, example]."""
        standard = (covariates.T - self.outside.centre) / self.outside.scale
        explained = standard @ self.slopes + self.offsets
        floor = np.where(self.outside(covariates)[:, np.newaxis], self.middle, self.lowest)
        return log_likelihood - np.maximum(explained, floor).T


def unexplained_log_likelihood(
    calibration: np.ndarray, calibration_covariates: np.ndarray
) -> Unexplained:
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

    outside = is_unlike_all(calibration_covariates)
    # Covariates are of very different sizes.
    fitted = (calibration_covariates.T - outside.centre) / outside.scale
    regression = LinearRegression().fit(fitted, calibration.T)
    explained = regression.predict(fitted)
    return Unexplained(
        regression.coef_.T,
        regression.intercept_,
        explained.min(axis=0),
        explained.mean(axis=0),
        outside,
    )


def is_unlike_all(calibration: np.ndarray) -> Outside:
    """Tells which examples are further from the mean than every calibration example.

    Args:
        calibration: Covariates of the calibration examples [covariate, example].

    Returns:
        Function from covariates [covariate, example] to bool [example], by the Mahalanobis
        distance.
    """
    from sklearn.covariance import EmpiricalCovariance
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(calibration.T)
    fitted = EmpiricalCovariance().fit(scaler.transform(calibration.T))
    outside = Outside(scaler.mean_, scaler.scale_, fitted.get_precision(), np.inf)
    return outside._replace(furthest=float(outside.distance(calibration).max()))


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


class GaussianDistance(NamedTuple):
    """Squared Mahalanobis distance of statistics made normal; see `gaussian_distance`.

    Attributes:
        powers: Exponents of Yeo and Johnson [statistic].
        ends: Smallest and largest calibration value [end, statistic].
        slopes: Derivatives of the powers there [end, statistic].
        centre: Mean after the powers [statistic].
        precision: Inverse covariance after them [statistic, statistic].
    """

    powers: np.ndarray
    ends: np.ndarray
    slopes: np.ndarray
    centre: np.ndarray
    precision: np.ndarray

    def __call__(self, statistics: np.ndarray) -> np.ndarray:
        """From statistics [statistic, example] to distances [example]."""
        values = statistics.T
        inside = np.clip(values, *self.ends)
        beyond = (values - inside) * np.where(values > inside, self.slopes[1], self.slopes[0])
        normal = yeo_johnson(inside, self.powers) + beyond - self.centre
        return ((normal @ self.precision) * normal).sum(axis=1)


def gaussian_distance(calibration: np.ndarray) -> GaussianDistance:
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
    powers = PowerTransformer(standardize=False).fit(fitted).lambdas_
    powers = powers.clip(-LARGEST_POWER, LARGEST_POWER)
    normal = EmpiricalCovariance().fit(yeo_johnson(fitted, powers))
    ends = np.stack([fitted.min(axis=0), fitted.max(axis=0)])
    slopes = _slopes(powers, ends)
    return GaussianDistance(powers, ends, slopes, normal.location_, normal.get_precision())


@singledispatch
def yeo_johnson(values: np.ndarray, powers: np.ndarray) -> np.ndarray:
    """The powers of Yeo and Johnson 2000 [statistic] of values [example, statistic]."""
    from scipy.special import boxcox1p

    return np.where(
        values >= 0, boxcox1p(np.abs(values), powers), -boxcox1p(np.abs(values), 2 - powers)
    )


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
        return -2 * np.stack([log_p_values(*pair) for pair in pairs]).sum(axis=0)

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
