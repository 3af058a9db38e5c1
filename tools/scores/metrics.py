"""How well a score tells out-of-distribution (OoD) examples from in-distribution ones.

One convention: OoD is the positive class, and scores are higher = more anomalous.
"""

from typing import NamedTuple

import numpy as np

from tools.errors import InputError
from tools.scores.counts import auroc_of, average_precision_of, counts_of


class DetectionMetrics(NamedTuple):
    """Metrics in [0, 1] of one score on one pair of sets.

    `auroc`: area under the ROC curve. `ap`: average precision, OoD positive. `ap_in`: the same with
    the in-distribution examples positive. `fpr95`, `fpr99`: share of OoD examples accepted at
    the threshold that accepts 95 %, 99 % of the in-distribution examples.
    """

    auroc: float
    ap: float
    ap_in: float
    fpr95: float
    fpr99: float


def refuse_unusable(scores: np.ndarray, name: str) -> None:
    """Raises InputError if the set is empty or a score is NaN or infinite.

    Args:
        scores: Scores of any shape.
        name: Name of the scores and their data set; the message begins with it.
    """
    if not scores.size:
        raise InputError(f"{name}: no scores; the data set is empty")
    nans, infinite = np.isnan(scores).sum(), np.isinf(scores).sum()
    if nans or infinite:
        raise InputError(
            f"{name}: of {scores.size} scores {nans} are NaN and {infinite} infinite; a member may"
            " have diverged, see its history.jsonl"
        )


def acceptance_threshold(scores: np.ndarray, percent: int) -> float:
    """The smallest threshold t for which at least `percent` % of the scores are <= t."""
    rank = -(-percent * len(scores) // 100)  # rounded up, in integers: 0.95 has no exact float
    return float(np.sort(scores)[max(rank, 1) - 1])


def auroc(scores_in: np.ndarray, scores_out: np.ndarray) -> float:
    """Area under the ROC curve of finite scores [example], higher = more anomalous."""
    return float(auroc_of(*counts_of(scores_in, scores_out)))


def mean_auroc_of_lines(lines_in: np.ndarray, lines_out: np.ndarray) -> float:
    """Mean over lines, such as a member's each, of the AUROC of finite scores [line, example]."""
    return float(np.mean([auroc(*pair) for pair in zip(lines_in, lines_out, strict=True)]))


def detection_metrics(
    scores_in: np.ndarray,
    scores_out: np.ndarray,
    *,
    in_distribution: str,
    dataset: str,
) -> DetectionMetrics:
    """Metrics of one score.

    Args:
        scores_in: Scores of the in-distribution examples [example], higher = more anomalous.
        scores_out: Scores of the OoD examples [example].
        in_distribution: Name of the in-distribution set, for messages.
        dataset: Name of the OoD set, for messages.

    Raises:
        InputError: A set is empty, or a score is NaN or infinite.
    """
    refuse_unusable(scores_in, in_distribution)
    refuse_unusable(scores_out, dataset)
    counts = counts_of(scores_in, scores_out)
    turned = counts_of(-scores_out, -scores_in)
    return DetectionMetrics(
        auroc=float(auroc_of(*counts)),
        ap=float(average_precision_of(*counts)),
        ap_in=float(average_precision_of(*turned)),
        fpr95=float(np.mean(scores_out <= acceptance_threshold(scores_in, 95))),
        fpr99=float(np.mean(scores_out <= acceptance_threshold(scores_in, 99))),
    )
