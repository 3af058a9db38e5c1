"""Intervals of the AUROC by a stratified bootstrap: each set is resampled on its own."""

import numpy as np

from tools.run.seeds import child_seed

CONFIDENCE = 0.95


def auroc_draws(
    scores_in: np.ndarray, scores_out: np.ndarray, *, draws: int, seed: int
) -> np.ndarray:
    """AUROCs of resampled examples, for many scores of the same examples at once.

    Each draw takes n_in in-distribution and n_out OoD examples with replacement, the same ones for
    all scores. Ties count one half. Memory grows with the scores, not with the draws.

    Args:
        scores_in: Scores [score, example], higher = more anomalous.
        scores_out: Scores of the OoD examples [score, example].
        draws: Number of draws.
        seed: Root seed of the run; the draws of `scores_in` depend on it and n_in only, so that
            all OoD sets meet the same in-distribution examples.

    Returns:
        AUROCs [score, draw].
    """
    (n_scores, n_in), n_out = scores_in.shape, scores_out.shape[1]
    random_in, random_out = (
        np.random.default_rng(child_seed(seed, "bootstrap", side)) for side in ("in", "out")
    )
    order = np.argsort(scores_in, axis=1)
    below, through = _positions(np.take_along_axis(scores_in, order, axis=1), scores_out)
    # Weight of the i lowest in-distribution scores, i = 0 .. n_in.
    weight = np.zeros((n_scores, n_in + 1))
    aurocs = np.empty((n_scores, draws))
    for draw in range(draws):
        times_in = np.bincount(random_in.integers(n_in, size=n_in), minlength=n_in)
        times_out = np.bincount(random_out.integers(n_out, size=n_out), minlength=n_out)
        np.cumsum(times_in[order], axis=1, out=weight[:, 1:])
        wins_twice = weight.ravel()[below] + weight.ravel()[through]  # [score, OoD example]
        aurocs[:, draw] = wins_twice @ times_out
    return aurocs / (2 * n_in * n_out)


def _positions(sorted_in: np.ndarray, scores_out: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How many in-distribution scores are < and <= each OoD score, as indices into `weight`."""
    rows = range(len(sorted_in))
    width = sorted_in.shape[1] + 1
    below, through = (
        np.stack([row * width + np.searchsorted(sorted_in[row], scores_out[row], side)
                  for row in rows])
        for side in ("left", "right")
    )  # fmt: skip
    return below, through


def interval(draws: np.ndarray) -> tuple[float, float]:
    """The central CONFIDENCE of the draws [draw]: the percentile bootstrap interval."""
    low, high = np.quantile(draws, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)
