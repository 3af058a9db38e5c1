"""Intervals of metrics by a stratified bootstrap: each set is resampled on its own."""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from tools.run.seeds import child_seed
from tools.scores.counts import auroc_of, levels_of

if TYPE_CHECKING:
    from scipy.sparse import csr_array

CONFIDENCE = 0.95
# From counts of the in-distribution and the OoD examples [level, draw] to numbers [draw].
Metric = Callable[[np.ndarray, np.ndarray], np.ndarray]
_BLOCK = 32  # draws; their counts of 1,000 examples stay in a processor's cache


def metric_draws(
    scores_in: np.ndarray,
    scores_out: np.ndarray,
    metrics: Mapping[str, Metric],
    *,
    draws: int,
    seed: int,
) -> dict[str, np.ndarray]:
    """Metrics of resampled examples, for many scores of the same examples at once.

    Each draw takes n_in in-distribution and n_out OoD examples with replacement, the same ones for
    all scores. Memory grows with the scores, not with the draws.

    Args:
        scores_in: Scores [score, example], higher = more anomalous.
        scores_out: Scores of the OoD examples [score, example].
        metrics: By name, functions of the counts per level as in `tools.scores.counts`.
        draws: Number of draws.
        seed: Root seed of the run; the draws of `scores_in` depend on it and n_in only, so that
            all OoD sets meet the same in-distribution examples.

    Returns:
        {name: values [score, draw]}.
    """
    sums = [_level_sums(*pair) for pair in zip(scores_in, scores_out, strict=True)]
    values = {name: np.empty((len(sums), draws)) for name in metrics}
    resamples = _resamples(scores_in.shape[1], scores_out.shape[1], draws, seed)
    for first in range(0, draws, _BLOCK):
        block = zip(*islice(resamples, _BLOCK), strict=True)
        times_in, times_out = (np.stack(times, axis=1) for times in block)  # [example, draw]
        for line, (sum_in, sum_out) in enumerate(sums):
            counts = sum_in @ times_in, sum_out @ times_out
            for name, metric in metrics.items():
                values[name][line, first : first + _BLOCK] = metric(*counts)
    return values


def auroc_draws(
    scores_in: np.ndarray, scores_out: np.ndarray, *, draws: int, seed: int
) -> np.ndarray:
    """AUROCs [score, draw] of resampled examples; the arguments are those of `metric_draws`."""
    metrics = {"auroc": auroc_of}
    return metric_draws(scores_in, scores_out, metrics, draws=draws, seed=seed)["auroc"]


def _level_sums(scores_in: np.ndarray, scores_out: np.ndarray) -> tuple["csr_array", "csr_array"]:
    """Matrices [level, example] that make counts per level of counts per example."""
    from scipy.sparse import csr_array  # here: flags need not wait for it

    parts = levels_of(scores_in, scores_out)
    known, places = np.unique(np.concatenate(parts), return_inverse=True)
    places_in, places_out = np.split(places, [len(scores_in)])

    def sums(places: np.ndarray) -> "csr_array":
        ones = np.ones(len(places), np.int32)
        return csr_array((ones, (places, np.arange(len(places)))), (len(known), len(places)))

    return sums(places_in), sums(places_out)


def _resamples(
    n_in: int, n_out: int, draws: int, seed: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """How often each in-distribution and each OoD example is drawn, int32 [example], per draw."""
    random_in, random_out = (
        np.random.default_rng(child_seed(seed, "bootstrap", side)) for side in ("in", "out")
    )
    for _ in range(draws):
        yield _times_drawn(random_in, n_in), _times_drawn(random_out, n_out)


def _times_drawn(random: np.random.Generator, n: int) -> np.ndarray:
    return np.bincount(random.integers(n, size=n), minlength=n).astype(np.int32)


def interval(draws: np.ndarray) -> tuple[float, float]:
    """The central CONFIDENCE of the draws [draw]: the percentile bootstrap interval."""
    low, high = np.quantile(draws, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)
