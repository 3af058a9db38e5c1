"""p-values that hold: the share of calibration rows that are at least as anomalous as a row.

A score that is fitted on the calibration rows looks too small on them. So it is cross-fitted: each
calibration row is scored by a fit that has not seen it, and a new row is compared with it under the
same fit (cross-conformal p-values, Vovk 2015, https://doi.org/10.1007/s10472-013-9368-4). All
calibration rows count. Higher scores are more anomalous.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

Statistics = Mapping[str, np.ndarray]  # {name: [member or 1, example]}
FOLDS = 5
TAIL_SHARE = 0.1  # highest calibration scores that tell how fast p falls beyond them


def p_values(scores: np.ndarray, calibration: np.ndarray) -> np.ndarray:
    """Share of calibration examples at least as anomalous, the example itself counted: (0, 1].

    Under exchangeability P(p <= a) <= a: a conformal p-value (Bates et al. 2021,
    https://arxiv.org/abs/2104.08279).

    Args:
        scores: [example], higher = more anomalous.
        calibration: Scores of calibration examples [example], by a score not fitted on them.
    """
    at_least = len(calibration) - np.searchsorted(np.sort(calibration), scores, side="left")
    return (1 + at_least) / (1 + len(calibration))


def log_p_values(scores: np.ndarray, calibration: np.ndarray) -> np.ndarray:
    """Logarithms of `p_values`, which keep falling beyond the highest calibration score: [example].

    There p = 1 / ((1 + n) * (1 + excess / scale)), with the excess over that score and the mean
    excess of the highest tenth as scale: a heavy tail, so that order is kept and little is claimed.

    Args:
        scores: [example], higher = more anomalous.
        calibration: Scores of the calibration examples [example].
    """
    highest = np.sort(calibration)[-max(2, int(TAIL_SHARE * len(calibration))) :]
    scale = np.mean(highest - highest[0])
    excess = np.maximum(scores - highest[-1], 0)
    with np.errstate(over="ignore"):  # of the farthest scores the excess has no finite number
        steps = np.minimum(excess / max(scale, np.finfo(float).tiny), np.finfo(float).max)
    return np.log(p_values(scores, calibration)) - np.log1p(steps)


class CrossFitted(NamedTuple):
    """A score with the calibration rows that it is compared with.

    Attributes:
        compute: Function from the statistics of some rows and those of the rows that it is fitted
            on to scores [example].
        calibration: Statistics of all calibration rows.
        folds: Number of the fold that each calibration row is left out with, [example].
        scores: Score of each calibration row by a fit without its fold, [example].
    """

    compute: Callable[[Statistics, Statistics], np.ndarray]
    calibration: Statistics
    folds: np.ndarray
    scores: np.ndarray

    def p_values(self, examples: Statistics) -> np.ndarray:
        """Cross-conformal p-values of rows: [example] in (0, 1], low = anomalous."""
        at_least = np.zeros((), int)
        for fold in np.unique(self.folds):
            fitted_on = rows_of(self.calibration, self.folds != fold)
            left_out = np.sort(self.scores[self.folds == fold])
            scores = self.compute(examples, fitted_on)
            at_least = at_least + len(left_out) - np.searchsorted(left_out, scores, side="left")
        return (1 + at_least) / (1 + len(self.scores))


def cross_fitted(
    compute: Callable[[Statistics, Statistics], np.ndarray],
    calibration: Statistics,
    *,
    seed: int,
    folds: int = FOLDS,
) -> CrossFitted:
    """Scores each calibration row by a fit on the other folds.

    Args:
        compute: The score; see `CrossFitted`.
        calibration: Statistics of the calibration rows, at least two.
        seed: Root of the draw that shares the rows out to folds.
        folds: Number of folds; no more than there are rows.
    """
    count = next(iter(calibration.values())).shape[1]
    folds = min(folds, count)
    fold_of = np.random.default_rng(seed).permutation(np.arange(count) % folds)
    scores = np.empty(count)
    for fold in range(folds):
        left_out = fold_of == fold
        scores[left_out] = compute(rows_of(calibration, left_out), rows_of(calibration, ~left_out))
    return CrossFitted(compute, calibration, fold_of, scores)


def rows_of(statistics: Statistics, chosen: np.ndarray) -> dict[str, np.ndarray]:
    """The statistics of the chosen rows; `chosen` is a mask or numbers [example]."""
    return {name: values[:, chosen] for name, values in statistics.items()}
