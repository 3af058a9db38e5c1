"""Formulas of the scores that are fitted on the calibration split.

Functions take the values of the examples to be scored first, then those of the calibration
examples; no test and no out-of-distribution value enters a fit. Those that return a log likelihood
are higher = more normal, all others higher = more anomalous, as each says.

Their libraries are imported where they are used: flags name the scores and need not wait for them.
"""

from collections.abc import Callable

import numpy as np

from tools.scores.conformal import log_p_values

SMALLEST_SCALE = 1e-6
SMALLEST_SHARE = 1e-8  # of a density


def typicality(log_likelihood: np.ndarray, calibration: np.ndarray) -> np.ndarray:
    """abs(l - mean of l over the calibration split), nats: higher = more anomalous.

    Nalisnick et al. 2019, https://arxiv.org/abs/1906.02994, for single examples.

    Args:
        log_likelihood: [member, example].
        calibration: Values of the calibration examples, in the same form.
    """
    return np.abs(log_likelihood - calibration.mean(axis=1, keepdims=True))


def unexplained_log_likelihood(
    log_likelihood: np.ndarray,
    covariates: np.ndarray,
    *,
    calibration: np.ndarray,
    calibration_covariates: np.ndarray,
) -> np.ndarray:
    """What simple properties of the input do not explain of l, nats: higher = more normal.

    l minus its linear regression on the covariates, fitted to each member by least squares. What
    they explain is never lower than for any calibration example, and not below the mean where the
    covariates are further from their mean, by the Mahalanobis distance, than those of any
    calibration example: noise is unlike all of them, and a line that is followed so far would
    excuse any likelihood.

    With the input's complexity as the only covariate it stands for the score of Serra et al. 2020,
    https://arxiv.org/abs/1909.11480, who subtract the complexity itself; that asks for a
    likelihood in bits of the pixels, which a Bernoulli decoder has not.

    Args:
        log_likelihood: [member, example], nats.
        covariates: [covariate, example]; see tools.scores.input_statistics.
        calibration: Log likelihoods of the calibration examples [member, example].
        calibration_covariates: Their covariates [covariate, example].
    """
    from sklearn.covariance import EmpiricalCovariance
    from sklearn.linear_model import LinearRegression
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(calibration_covariates.T)  # they are of very different sizes
    examples, fitted = map(scaler.transform, (covariates.T, calibration_covariates.T))
    regression = LinearRegression().fit(fitted, calibration.T)
    explained, of_calibration = (regression.predict(part).T for part in (examples, fitted))
    distance = EmpiricalCovariance().fit(fitted).mahalanobis
    is_unlike = distance(examples) > distance(fitted).max()
    lowest, middle = (end(of_calibration, axis=1, keepdims=True) for end in (np.min, np.mean))
    return log_likelihood - np.maximum(explained, np.where(is_unlike, middle, lowest))


def density_of_states(statistics: np.ndarray, calibration: np.ndarray) -> np.ndarray:
    """-sum_i log KDE_i(t_i): [example], nats, higher = more anomalous.

    DoSE, Morningstar et al. 2021, https://arxiv.org/abs/2006.09273: one kernel density estimate for
    each statistic, with Gaussian kernels of Silverman's bandwidth.

    Args:
        statistics: [statistic, example].
        calibration: Values of the calibration examples, in the same form.
    """
    from sklearn.neighbors import KernelDensity
    from sklearn.preprocessing import StandardScaler

    total = np.zeros(statistics.shape[1])
    for values, fitted in zip(statistics, calibration, strict=True):
        scaler = StandardScaler().fit(fitted[:, None])  # Silverman's rule knows no scale
        # Kernels too far away to matter are left out: of 10,000 examples it is three times faster.
        density = KernelDensity(bandwidth="silverman", rtol=SMALLEST_SHARE)
        density.fit(scaler.transform(fitted[:, None]))
        total -= density.score_samples(scaler.transform(values[:, None]))
    return total


def gaussian_distance(calibration: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Squared Mahalanobis distance of statistics made normal: higher = more anomalous.

    Each statistic goes through a Yeo-Johnson power that makes the calibration's values as normal as
    possible. Beyond the calibration values' range the power is continued linearly: some powers are
    bounded, and no value would be far from the others.

    Args:
        calibration: Statistics of the calibration examples [statistic, example].

    Returns:
        Function from statistics [statistic, example] to distances [example]. It is made once for
        all examples, because the powers take longer to fit than to use.
    """
    from sklearn.covariance import EmpiricalCovariance
    from sklearn.preprocessing import PowerTransformer

    fitted = np.asarray(calibration, float).T
    power = PowerTransformer(standardize=False).fit(fitted)
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


def shrunk_distance(statistics: np.ndarray, calibration: np.ndarray) -> np.ndarray:
    """Squared Mahalanobis distance: [example], higher = more anomalous.

    For many statistics in one unit that go together: their covariance is shrunk towards a multiple
    of the identity (Ledoit and Wolf 2004, https://doi.org/10.1016/S0047-259X(03)00096-4).

    Args:
        statistics: [statistic, example].
        calibration: Values of the calibration examples, in the same form.
    """
    from sklearn.covariance import LedoitWolf

    return LedoitWolf().fit(calibration.T).mahalanobis(statistics.T)


def fisher(scores: np.ndarray, calibration: np.ndarray) -> np.ndarray:
    """-2 * sum_i log p_i: [example], higher = more anomalous; p as `log_p_values` has it.

    Fisher's combination of p-values, as in Bergamin et al. 2022, https://arxiv.org/abs/2207.12047.

    Args:
        scores: [score, example], each higher = more anomalous.
        calibration: Values of the calibration examples, in the same form.
    """
    pairs = zip(scores, calibration, strict=True)
    return -2 * np.sum([log_p_values(*pair) for pair in pairs], axis=0)


def independent_normals(statistics: np.ndarray, calibration: np.ndarray) -> np.ndarray:
    """-sum_i log N(t_i; m_i, s_i**2) with m and s of the calibration: [example], nats.

    Higher = more anomalous. With the log norms of the gradient by tensor it is the score of Dauncey
    et al. 2024, https://arxiv.org/abs/2403.01485.

    Args:
        statistics: [statistic, example].
        calibration: Values of the calibration examples, in the same form.
    """
    from scipy.stats import norm

    # The floor is for statistics that never vary in the calibration split.
    scales = np.maximum(calibration.std(axis=1, keepdims=True), SMALLEST_SCALE)
    return -norm.logpdf(statistics, calibration.mean(axis=1, keepdims=True), scales).sum(axis=0)
