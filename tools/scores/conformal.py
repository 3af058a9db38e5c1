"""Conformal p-values: the share of calibration examples at least as anomalous as an example.

A score that is fitted on the calibration examples is biased low on them. They are therefore scored
by cross-fitting: each by a fit without it. New examples are scored by the fit on all calibration
examples. Higher scores are more anomalous.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import numpy as np

from tools.run.seeds import child_seed

Quantities = Mapping[str, np.ndarray]  # {name: [member or 1, example]}
Scorer = Callable[[Quantities], np.ndarray]  # from quantities of examples to scores [example]


def stacked(quantities: Quantities, names: Sequence[str]) -> np.ndarray:
    """The lines of all these quantities under one another: [line, example]."""
    return np.concatenate([quantities[name] for name in names])


Examples = TypeVar("Examples")
FALSE_ALARMS = 0.05  # share that the thresholds of a report promise at most
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


def smallest_p_value(count: int) -> float:
    """The p-value of an example more anomalous than all of `count` calibration examples."""
    return 1 / (1 + count)


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


def cross_fitted_scores(
    fit: Callable[[Quantities], Scorer],
    calibration: Quantities,
    *,
    seed: int,
    folds: int = FOLDS,
) -> np.ndarray:
    """Score of each calibration example by a fit on the other folds: [example].

    Args:
        fit: From quantities of calibration examples to a score; see `FittedScore`.
        calibration: Quantities of the calibration examples, of at least two.
        seed: Root seed of the draw that shares the examples out to folds.
        folds: Number of folds; of fewer examples each is left out alone.
    """
    count = next(iter(calibration.values())).shape[1]
    order = np.random.default_rng(child_seed(seed, "calibration folds")).permutation(count)
    fold_of = np.empty(count, int)
    fold_of[order] = np.arange(count) % folds

    return left_out_scores(fit, lambda rows: _rows_of(calibration, rows), fold_of)


def left_out_scores(
    fit: Callable[[Examples], Callable[[Examples], np.ndarray]],
    take: Callable[[np.ndarray], Examples],
    fold_of: np.ndarray,
    count: int | None = None,
) -> np.ndarray:
    """Score of each example by a fit on the examples of other folds: [example].

    Args:
        fit: From examples to a score of examples.
        take: From numbers of examples to these examples.
        fold_of: Number of the fold of each example [example]; there are at least two folds.
        count: So many first examples are scored; None: all.
    """
    scores = np.empty(len(fold_of) if count is None else count)
    for fold in np.unique(fold_of):
        left_out = np.flatnonzero(fold_of[: len(scores)] == fold)
        scores[left_out] = fit(take(np.flatnonzero(fold_of != fold)))(take(left_out))
    return scores


def threshold_at(calibration: np.ndarray, target: float) -> float:
    """The score that must be exceeded for `p_values` of at most `target`; infinite: none is.

    Args:
        calibration: Scores of the calibration examples [example], cross-fitted ones of a fitted
            score.
        target: Largest share of false alarms, in (0, 1).
    """
    most = int(target * (len(calibration) + 1) * (1 + 1e-12)) - 1  # examples at least as anomalous
    return float(np.sort(calibration)[-1 - most]) if 0 <= most < len(calibration) else np.inf


def _rows_of(quantities: Quantities, chosen: np.ndarray) -> dict[str, np.ndarray]:
    """The quantities of the examples of these numbers."""
    return {name: values[:, chosen] for name, values in quantities.items()}
