"""Scores that join others: by p-values, or standardised.

Each function returns a fit, as `FittedScore` has it: from the quantities of the calibration split
to a function from the quantities of examples to scores [example], higher = more anomalous.
"""

from collections.abc import Callable

import numpy as np

from tools.scores import calibrated
from tools.scores.conformal import Quantities, Scorer, cross_fitted_scores, log_p_values
from tools.scores.ensemble_statistics import mean

Fit = Callable[[Quantities], Scorer]
# Weight of what members add to the simple detectors' score of a table, of which the weight is 1.
MEMBERS_WEIGHT = 1 / 7
# Members add to the score of rows that are farther out than this, in inverse hyperbolic sines of
# standard deviations: 3.6 of these.
FAR_OUT = 2.0
NORMAL_QUARTILES = 1.349  # distance of a standard normal distribution's quartiles
LEAST_CALIBRATION = 20  # images by which the members' score gets p-values, for a part in the sum


def fisher_of(*fits: Fit) -> Fit:
    """Fisher's combination of the scores' p-values."""

    def fit(calibration: Quantities) -> Scorer:
        scorers = [fit_one(calibration) for fit_one in fits]

        def scores(of: Quantities) -> np.ndarray:
            return np.stack([scorer(of) for scorer in scorers])

        combined = calibrated.fisher(scores(calibration))
        return lambda examples: combined(scores(examples))

    return fit


def mean_of(quantity: str, sign: int = 1) -> Fit:
    """The members' mean of one quantity; the sign is -1 where higher is more normal."""
    return lambda calibration: lambda examples: sign * mean(examples[quantity])


def raised_far_out(simple: str, likelihood: str) -> Fit:
    """The simple detectors' score, raised where members have hardly seen such a row.

    It is raised by MEMBERS_WEIGHT * max(0, arcsinh(z) - FAR_OUT) with z the distance of -log p from
    the calibration rows' median, in standard deviations of the normal distribution that has their
    quartiles. Near to normal rows the order of the members' likelihoods is worse than that of the
    simple detectors; every part that they had there lowered the mean AUROC of 21 tables.

    Args:
        simple: Quantity of the simple detectors, a standardised score.
        likelihood: Quantity of the members, a log likelihood.
    """

    def fit(calibration: Quantities) -> Scorer:
        known = -mean(calibration[likelihood])
        low, centre, high = np.percentile(known, [25, 50, 75])
        scale = (high - low) / NORMAL_QUARTILES or known.std() or 1.0

        def score(examples: Quantities) -> np.ndarray:
            distance = np.arcsinh((-mean(examples[likelihood]) - centre) / scale)
            return mean(examples[simple]) + MEMBERS_WEIGHT * np.maximum(0, distance - FAR_OUT)

        return score

    return fit


def surprise_of(parts: str, of_members: Fit) -> Fit:
    """Sum of -log p of simple detectors' parts and of the members' score, nats.

    The members have no part where too few calibration images give their score p-values.

    Args:
        parts: Beginning of the names of the quantities that are -log p of the parts.
        of_members: Fit of the members' score.
    """

    def of_simple(examples: Quantities) -> np.ndarray:
        names = sorted(name for name in examples if name.startswith(parts))
        return np.stack([mean(examples[name]) for name in names]).sum(axis=0)

    def fit(calibration: Quantities) -> Scorer:
        if next(iter(calibration.values())).shape[1] < LEAST_CALIBRATION:
            return of_simple
        score, known = of_members(calibration), cross_fitted_scores(of_members, calibration, seed=0)
        return lambda examples: of_simple(examples) - log_p_values(score(examples), known)

    return fit
