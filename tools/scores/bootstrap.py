"""Intervals of metrics by a stratified bootstrap: each set is resampled on its own."""

from collections.abc import Callable, Mapping

import numpy as np

from tools.run.seeds import child_seed
from tools.scores.counts import auroc_of, levels_of

CONFIDENCE = 0.95


def metric_draws(
    scores_in: np.ndarray,
    scores_out: np.ndarray,
    metrics: Mapping[str, Callable[[np.ndarray, np.ndarray], float]],
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
    n_in, n_out = scores_in.shape[1], scores_out.shape[1]
    random_in, random_out = (
        np.random.default_rng(child_seed(seed, "bootstrap", side)) for side in ("in", "out")
    )
    levels = [levels_of(*pair) for pair in zip(scores_in, scores_out, strict=True)]
    values = {name: np.empty((len(levels), draws)) for name in metrics}
    for draw in range(draws):
        times_in, times_out = (
            np.bincount(random.integers(n, size=n), minlength=n).astype(float)
            for random, n in ((random_in, n_in), (random_out, n_out))
        )
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
    """AUROCs [score, draw] of resampled examples; the arguments are those of `metric_draws`."""
    return metric_draws(scores_in, scores_out, {"auroc": auroc_of}, draws=draws, seed=seed)["auroc"]


def interval(draws: np.ndarray) -> tuple[float, float]:
    """The central CONFIDENCE of the draws [draw]: the percentile bootstrap interval."""
    low, high = np.quantile(draws, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)
