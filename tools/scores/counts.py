"""Metrics of a score from counts of examples per level of it; a resample changes only the counts.

Levels go from the most normal to the most anomalous; OoD is the positive class. Examples of one
level are tied. Counts are [level] for one number, or [level, draw] for numbers [draw].
"""

import numpy as np


def levels_of(scores_in: np.ndarray, scores_out: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The level of each in-distribution and each OoD example; equal ones where no metric differs.

    Args:
        scores_in: [example], higher = more anomalous.
        scores_out: [example].

    Returns:
        Two arrays int [example] of numbers in [0, 2 * n_out]: each score of an OoD example has an
        odd level, all scores between two of them share the even one in between.
    """
    scores, ranks = np.unique(scores_out, return_inverse=True)
    below, through = (np.searchsorted(scores, scores_in, side) for side in ("left", "right"))
    return below + through, 2 * ranks + 1


def counts_of(scores_in: np.ndarray, scores_out: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Counts [level] of the in-distribution and of the OoD examples; as `levels_of`."""
    levels_in, levels_out = levels_of(scores_in, scores_out)
    n_levels = 2 * len(scores_out) + 1
    return np.bincount(levels_in, minlength=n_levels), np.bincount(levels_out, minlength=n_levels)


def auroc_of(counts_in: np.ndarray, counts_out: np.ndarray) -> np.ndarray:
    """Share of pairs in the right order; ties count one half."""
    above_twice = 2 * np.cumsum(counts_in, axis=0, dtype=counts_in.dtype) - counts_in
    # In float: products of counts may be beyond 32 bits.
    wins_twice = np.multiply(counts_out, above_twice, dtype=float).sum(axis=0)
    return wins_twice / (2.0 * counts_in.sum(axis=0) * counts_out.sum(axis=0))


def average_precision_of(counts_in: np.ndarray, counts_out: np.ndarray) -> np.ndarray:
    """Mean over the OoD examples of the precision among all that score as high or higher."""
    hits = _through_the_top(counts_out)
    flagged = hits + _through_the_top(counts_in)
    precision = hits / np.maximum(flagged, 1)  # where nothing is flagged nothing is counted
    return (counts_out * precision).sum(axis=0) / counts_out.sum(axis=0)


def recall_of(counts_in: np.ndarray, counts_out: np.ndarray, alerts: int) -> np.ndarray:
    """Share of the OoD examples among the `alerts` highest scores of all.

    Where the last alert falls into a level, it takes a fair share of its examples: the mean over
    all orders of the tied ones.
    """
    size = counts_in + counts_out
    above = _through_the_top(size) - size
    taken = np.clip(alerts - above, 0, size)
    return (counts_out * (taken / np.maximum(size, 1))).sum(axis=0) / counts_out.sum(axis=0)


def _through_the_top(counts: np.ndarray) -> np.ndarray:
    """How many examples are at each level or a higher one."""
    return np.cumsum(counts[::-1], axis=0, dtype=counts.dtype)[::-1]
