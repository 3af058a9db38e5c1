"""Confidence intervals of AUROC and of the difference of two AUROCs, valid near 1 too.

If all rows are in the right order, so are all bootstrap samples, and the bootstrap interval has no
width. There the exact binomial interval is used, for the number of pairs that share no row.
"""

import numpy as np

from tools.scores.bootstrap import CONFIDENCE, interval

FEW = 10.0  # expected pairs in the wrong order, of those without a common row


def auroc_interval(auroc: float, draws: np.ndarray, pairs: int) -> tuple[float, float]:
    """Interval of an AUROC at CONFIDENCE.

    Args:
        auroc: The estimated AUROC.
        draws: AUROCs of resampled rows [draw].
        pairs: min(n_in, n_out): pairs of rows that are independent. The estimate varies no more
            than a share of so many pairs (Hoeffding 1948), hence the exact interval is safe.
    """
    low, high = interval(draws)
    if min(auroc, 1 - auroc) * pairs < FEW:
        exact_low, exact_high = clopper_pearson(auroc, pairs)
        low, high = min(low, exact_low), max(high, exact_high)
    return low, high


def clopper_pearson(share: float, count: int) -> tuple[float, float]:
    """Exact interval of a binomial share at CONFIDENCE; the number of hits need not be whole."""
    from scipy.stats import beta

    hits, outside = share * count, (1 - CONFIDENCE) / 2
    low = beta.ppf(outside, hits, count - hits + 1) if hits > 0 else 0.0
    high = beta.ppf(1 - outside, hits + 1, count - hits) if hits < count else 1.0
    return float(low), float(high)


def difference_interval(
    aurocs: tuple[float, float], draws: np.ndarray, pairs: int
) -> tuple[float, float]:
    """Interval of the first AUROC minus the second, of two scores of the same rows.

    The two intervals are combined with the correlation of the draws (Zou 2007, "MOVER",
    https://doi.org/10.1037/1082-989X.12.4.399), so that it covers where each of them does.

    Args:
        aurocs: The two estimates.
        draws: AUROCs [2, draw] of the same resampled rows.
        pairs: As for `auroc_interval`.
    """
    first, second = aurocs
    bounds = [auroc_interval(auroc, line, pairs) for auroc, line in zip(aurocs, draws, strict=True)]
    (first_low, first_high), (second_low, second_high) = bounds
    deviations = draws.std(axis=1)
    varies = deviations.min() > 0
    correlation = float(np.corrcoef(draws)[0, 1]) if varies else 0.0

    def reach(one: float, other: float) -> float:
        return float(np.sqrt(max(0.0, one**2 + other**2 - 2 * correlation * one * other)))

    difference = first - second
    return (
        difference - reach(first - first_low, second_high - second),
        difference + reach(first_high - first, second - second_low),
    )
