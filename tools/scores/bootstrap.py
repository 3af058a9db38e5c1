"""Intervals of metrics by a stratified bootstrap: each set is resampled on its own."""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice

import numpy as np

from tools.run.seeds import child_seed
from tools.scores.counts import levels_of

CONFIDENCE = 0.95
# From counts per level of the in-distribution and the OoD examples to a number.
Metric = Callable[[np.ndarray, np.ndarray], float]
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
    n_out = scores_out.shape[1]
    levels = [levels_of(*pair) for pair in zip(scores_in, scores_out, strict=True)]
    values = {name: np.empty((len(levels), draws)) for name in metrics}
    resamples = _resamples(scores_in.shape[1], n_out, draws, seed)
    for draw, (times_in, times_out) in enumerate(resamples):
        for line, (levels_in, levels_out) in enumerate(levels):
            counts = (
                np.bincount(levels_in, times_in, minlength=2 * n_out + 1),
                np.bincount(levels_out, times_out, minlength=2 * n_out + 1),
            )
            for name, metric in metrics.items():
                values[name][line, draw] = metric(*counts)
    return values


def auroc_draws(
    scores_in: np.ndarray, scores_out: np.ndarray, *, draws: int, seed: int
) -> np.ndarray:
    """AUROCs [score, draw] of resampled examples; the arguments are those of `metric_draws`.

    Faster than that: a score's examples are sorted once, and it is _BLOCK draws at a time.
    """
    n_in, n_out = scores_in.shape[1], scores_out.shape[1]
    wins_twice = np.empty((len(scores_in), draws))
    resamples = _resamples(n_in, n_out, draws, seed)
    sorting = [_ranks(*pair) for pair in zip(scores_in, scores_out, strict=True)]
    passed = np.zeros((n_in + 1, _BLOCK))
    for first in range(0, draws, _BLOCK):
        block = zip(*islice(resamples, _BLOCK), strict=True)
        times_in, times_out = (np.stack(times, axis=1) for times in block)  # [example, draw]
        size = times_in.shape[1]
        for line, (order, below, through) in enumerate(sorting):
            np.cumsum(times_in.take(order, axis=0), axis=0, out=passed[1:, :size])
            exceeded_twice = passed.take(below, axis=0) + passed.take(through, axis=0)
            wins = np.einsum("ed,ed->d", exceeded_twice[:, :size], times_out)
            wins_twice[line, first : first + size] = wins
    return wins_twice / (2 * n_in * n_out)


def _ranks(scores_in: np.ndarray, scores_out: np.ndarray) -> tuple[np.ndarray, ...]:
    """Order of the in-distribution examples; how many each OoD one exceeds, how many it reaches."""
    order = np.argsort(scores_in)
    sides = (np.searchsorted(scores_in, scores_out, side, order) for side in ("left", "right"))
    return order, *sides


def _resamples(
    n_in: int, n_out: int, draws: int, seed: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """How often each in-distribution and each OoD example is drawn, float [example], per draw."""
    random_in, random_out = (
        np.random.default_rng(child_seed(seed, "bootstrap", side)) for side in ("in", "out")
    )
    for _ in range(draws):
        yield _times_drawn(random_in, n_in), _times_drawn(random_out, n_out)


def _times_drawn(random: np.random.Generator, n: int) -> np.ndarray:
    return np.bincount(random.integers(n, size=n), minlength=n).astype(float)


def interval(draws: np.ndarray) -> tuple[float, float]:
    """The central CONFIDENCE of the draws [draw]: the percentile bootstrap interval."""
    low, high = np.quantile(draws, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)
