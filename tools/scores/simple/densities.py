"""Densities of table rows: a mixture of Gaussians, and the columns taken one by one."""

import warnings
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tools.scores.simple.feature_spaces import NUMBER, Columns, arcsinh_of_quartiles, fit_space

MOST_COMPONENTS = 10
ROWS_PER_COMPONENT = 5  # at least, for each coordinate
LEAST_VARIANCE = 1e-2  # added to the variances of a component, in those of a coordinate
BINS = 20
MOST_ROWS = 5_000  # that a mixture learns from, the first ones

Score = Callable[[np.ndarray], np.ndarray]  # from encoded rows to float64 [row]


class Mixture(NamedTuple):
    """A mixture of Gaussians with full covariances.

    Attributes:
        weights: [component].
        means: [component, coordinate].
        roots: Matrices R with R @ R.T = inverse covariance, [component, coordinate, coordinate].
    """

    weights: np.ndarray
    means: np.ndarray
    roots: np.ndarray

    def log_density(self, places: np.ndarray) -> np.ndarray:
        """Log p of points of the standard space [row, coordinate], in nats, [row]."""
        parts = []
        for weight, mean, root in zip(*self, strict=True):
            squares = np.square((places - mean) @ root).sum(axis=1)
            log_root = np.log(np.abs(np.diagonal(root))).sum()
            parts.append(np.log(weight) + log_root - 0.5 * squares)
        logs = np.stack(parts)
        highest = logs.max(axis=0)
        total = highest + np.log(np.exp(logs - highest).sum(axis=0))
        return total - 0.5 * places.shape[1] * np.log(2 * np.pi)


def fit_mixture(
    training: np.ndarray, columns: Columns, seed: int, start: Mixture | None = None
) -> Mixture:
    """Fits by expectation and maximization; few rows or many coordinates get few components.

    Args:
        training: Encoded rows in any order but a sorted one [row, feature].
        columns: Kinds of their features.
        seed: Seed of the start by k-means.
        start: A mixture of similar rows to start from. It is not used if it has another number of
            components, or of coordinates: of other rows other words are rare.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture
    from threadpoolctl import threadpool_limits

    places = fit_space("standard", training, columns)(training)[:MOST_ROWS]
    count = len(places) // (ROWS_PER_COMPONENT * places.shape[1])
    count = int(np.clip(count, 1, MOST_COMPONENTS))
    fitted = GaussianMixture(count, reg_covar=LEAST_VARIANCE, random_state=seed)
    if start is not None and start.means.shape == (count, places.shape[1]):
        fitted.set_params(
            init_params="random",  # not used, but k-means would be run
            weights_init=start.weights,
            means_init=start.means,
            precisions_init=start.roots @ start.roots.swapaxes(1, 2),
        )
    # In more threads than one such small matrices take longer, on a busy machine many times so.
    with threadpool_limits(1), warnings.catch_warnings():
        # A mixture that could still be improved is one, too.
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted.fit(places)
    return Mixture(fitted.weights_, fitted.means_, fitted.precisions_cholesky_)


def mixture_score(mixture: Mixture, training: np.ndarray, columns: Columns) -> Score:
    """Minus the log density, of a mixture that was fitted on these training rows."""
    space = fit_space("standard", training, columns)
    return lambda rows: -mixture.log_density(space(rows))


def fit_marginals(training: np.ndarray, columns: Columns) -> Score:
    """Sum over columns of minus the log share of training rows in the same bin, or of its word.

    A number has equal bins over the training rows' range, after `arcsinh_of_quartiles`, or a bin
    per value where there are few values (histogram-based outlier score, Goldstein and Dengel 2012).
    """
    is_number = columns.group == NUMBER
    curb = arcsinh_of_quartiles(columns.numbers(training))
    kept, curbed = training[:, is_number], curb(columns.numbers(training))
    scores = [_fit_column(*pair) for pair in zip(kept.T, curbed.T, strict=True)]
    word_scores = [_by_value(_word(part)) for part in columns.indicators(training)]

    def score(rows: np.ndarray) -> np.ndarray:
        numbers = zip(rows[:, is_number].T, curb(columns.numbers(rows)).T, strict=True)
        parts = [of_number(*pair) for of_number, pair in zip(scores, numbers, strict=True)]
        words = zip(word_scores, columns.indicators(rows), strict=True)
        parts += [of_word(_word(part)) for of_word, part in words]
        return np.stack(parts).sum(axis=0)

    return score


def _fit_column(
    kept: np.ndarray, curbed: np.ndarray
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """From values as they are encoded, and curbed, to surprises [row]."""
    if len(np.unique(kept)) <= BINS:
        of_value = _by_value(kept)
        return lambda kept, curbed: of_value(kept)
    edges = np.linspace(curbed.min(), curbed.max(), BINS + 1)
    counts = np.histogram(curbed, edges)[0]
    unseen, surprises = _surprises(counts)
    table = np.concatenate([[unseen], surprises, [unseen]])
    edges[-1] = np.nextafter(edges[-1], np.inf)
    return lambda kept, curbed: _at(table, np.searchsorted(edges, curbed, side="right"))


def _by_value(values: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    known, counts = np.unique(values, return_counts=True)
    unseen, surprises = _surprises(counts)

    def score(values: np.ndarray) -> np.ndarray:
        places = np.minimum(np.searchsorted(known, values), len(known) - 1)
        return np.where(_at(known, places) == values, _at(surprises, places), unseen)

    return score


def _at(table: np.ndarray, places: np.ndarray) -> np.ndarray:
    """table[places], by a function that NumPy hands over to traced places."""
    return np.take_along_axis(table, places, axis=0)


def _surprises(counts: np.ndarray) -> tuple[float, np.ndarray]:
    """-log share of a bin that no training row is in, and of each bin; half a row is added."""
    total = counts.sum() + 0.5 * len(counts) + 0.5
    return -np.log(0.5 / total), -np.log((counts + 0.5) / total)


def _word(indicators: np.ndarray) -> np.ndarray:
    """Number of each row's word, from 1; 0: a word that has no indicator."""
    return indicators @ np.arange(1.0, 1 + indicators.shape[1])
