"""Statistics over the members of an ensemble, as anomaly scores.

The formulas take l [member, example], written `log_likelihood`: higher = more normal. Only
`anomaly_scores` turns the direction: its scores are higher = more anomalous.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tools.errors import InputError

HEADLINE_KEYS = ("iwae", "extra_logit", "denoising_error")
STATISTICS = ("single", "mean", "variance", "waic", "mixture", "disagreement")


class ScoreKey(NamedTuple):
    """A score that members have.

    Attributes:
        meaning: Description for reports.
        high_is_normal: Whether a higher value means more normal.
        headline_statistics: Statistics that a report begins with, named before the run.
    """

    meaning: str
    high_is_normal: bool
    headline_statistics: tuple[str, ...] = ("waic", "mean")


SCORE_KEYS = {
    "iwae": ScoreKey("importance-weighted log likelihood, nats", True),
    "elbo": ScoreKey("evidence lower bound, nats", True),
    "log_likelihood": ScoreKey("log p(x), nats", True),
    "extra_logit": ScoreKey(
        "output of the critic that was trained on as a classifier; waic is mean - variance of it,"
        " of no likelihood",
        True,
        headline_statistics=("variance", "mean"),
    ),
    "logit": ScoreKey(
        "output of the critic; waic is mean - variance of it, of no likelihood",
        True,
        headline_statistics=("variance", "mean"),
    ),
    "denoising_error": ScoreKey(
        "log of the mean squared error of the predicted noise, mean over noise levels;"
        " waic is mean + variance of it, of no likelihood",
        False,
        headline_statistics=("mean", "variance"),
    ),
    "rate": ScoreKey("log q(z|x) - log p(z), nats", False),
    "distortion": ScoreKey("-log p(x|z), nats", False),
    "posterior_mean": ScoreKey("mean over z of the mean of q(z|x)", False),
    "place_log_likelihood": ScoreKey(
        "log p(features of a place), mean over places, less that of pictures left out, nats", True
    ),
    "nearest_distance": ScoreKey(
        "distance of the whitened features to those of the nearest known picture", False
    ),
    "place_distance": ScoreKey(
        "distance of the strangest place's features, in deviations of pictures left out", False
    ),
    "posterior_stddev": ScoreKey("mean over z of the standard deviation of q(z|x)", False),
}


def headline_score(score_keys: Sequence[str]) -> str:
    """The score named before the run: the first one of HEADLINE_KEYS that is there, else any."""
    return next((key for key in HEADLINE_KEYS if key in score_keys), score_keys[0])


def described(score_key: str) -> str:
    """The score's meaning and direction, for headings and axes."""
    key = SCORE_KEYS[score_key]
    return f"{key.meaning}; higher = more {'normal' if key.high_is_normal else 'anomalous'}"


def as_log_likelihoods(score_key: str, values: np.ndarray) -> np.ndarray:
    """The values in float64, negated if a high value means more anomalous.

    Raises:
        InputError: The score key, hence its direction, is unknown.
    """
    if score_key not in SCORE_KEYS:
        raise InputError(f"Unknown score key {score_key!r}; known: {', '.join(SCORE_KEYS)}")
    values = np.asarray(values, np.float64)
    return values if SCORE_KEYS[score_key].high_is_normal else -values


def mean(log_likelihood: np.ndarray) -> np.ndarray:
    """mean_m l_m: [example]; exactly l where all members agree."""
    return log_likelihood[0] + np.mean(log_likelihood - log_likelihood[0], axis=0)


def variance(log_likelihood: np.ndarray, ddof: int = 0) -> np.ndarray:
    """var_m l_m: [example]; exactly 0 where all members agree.

    Args:
        log_likelihood: Values [member, example].
        ddof: Divisor of the variance over M members is M - ddof.
    """
    if len(log_likelihood) <= ddof:
        raise ValueError(f"With ddof {ddof} {len(log_likelihood)} members have no variance.")
    return np.var(log_likelihood - log_likelihood[0], axis=0, ddof=ddof)


def waic(log_likelihood: np.ndarray, ddof: int = 0) -> np.ndarray:
    """mean_m l_m - var_m l_m: [example]. Choi, Jang, Alemi 2018, arxiv.org/abs/1810.01392."""
    return mean(log_likelihood) - variance(log_likelihood, ddof)


def mixture(log_likelihood: np.ndarray) -> np.ndarray:
    """logsumexp_m l_m - log M: [example], the log likelihood of the ensemble as one model.

    By hand, because it is exactly l where all members agree, so that such examples tie as they do
    under one member; scipy.special.logsumexp less log M differs there in the last digit.
    """
    highest = log_likelihood.max(axis=0)
    return highest + np.log(np.mean(np.exp(log_likelihood - highest), axis=0))


def log_effective_members(log_likelihood: np.ndarray) -> np.ndarray:
    """Log of 1 / sum_m w_m**2 with w_m = p_m / sum_k p_k: [example], in [0, log M].

    The logarithm, because members that differ by 40 nats leave an effective number of
    1 + 1e-17, which is 1 in float64: all such examples would tie.
    Daxberger and Hernandez-Lobato 2019, arxiv.org/abs/1912.05651.
    """
    # log p_m minus the highest, for all members but that one.
    others = np.sort(log_likelihood, axis=0)[:-1] - log_likelihood.max(axis=0)
    return 2 * np.log1p(np.exp(others).sum(axis=0)) - np.log1p(np.exp(2 * others).sum(axis=0))


def anomaly_scores(score_key: str, values: np.ndarray, ddof: int = 0) -> dict[str, np.ndarray]:
    """One score per statistic and example, all higher = more anomalous.

    Args:
        score_key: Name of the members' score, one of SCORE_KEYS.
        values: The members' values [member, example], in the score's own direction.
        ddof: Divisor of the variance over M members is M - ddof; for `variance` and `waic`.

    Returns:
        {statistic: [example]} in the order of STATISTICS; only `single` keeps [member, example].
    """
    log_likelihood = as_log_likelihoods(score_key, values)
    if log_likelihood.ndim != 2 or not len(log_likelihood):
        raise ValueError(f"{score_key} needs axes [member, example], not {log_likelihood.shape}.")
    return {
        "single": -log_likelihood,
        "mean": -mean(log_likelihood),
        "variance": variance(log_likelihood, ddof),
        "waic": -waic(log_likelihood, ddof),
        "mixture": -mixture(log_likelihood),
        "disagreement": -log_effective_members(log_likelihood),
    }
