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
# How much more the simple detectors of a table weigh than the members: the sum of the weights of
# their groups.
SIMPLE_WEIGHT = 7.0
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


def fisher_of_members(likelihood: str, distance: str) -> Fit:
    """Fisher's combination of the members' mean log likelihood and mean distance.

    Args:
        likelihood: Quantity of the members, higher = more normal.
        distance: Quantity of the members, higher = more anomalous.
    """
    return fisher_of(
        lambda calibration: lambda examples: -mean(examples[likelihood]),
        lambda calibration: lambda examples: mean(examples[distance]),
    )


def standardised_sum(simple: str, likelihood: str) -> Fit:
    """Weighted mean of the simple detectors' score and the members', each standardised.

    Args:
        simple: Quantity of the simple detectors, a standardised score.
        likelihood: Quantity of the members, a log likelihood.
    """

    def fit(calibration: Quantities) -> Scorer:
        fitted = -mean(calibration[likelihood])
        centre, scale = fitted.mean(), fitted.std() + 1e-9

        def score(examples: Quantities) -> np.ndarray:
            of_members = (-mean(examples[likelihood]) - centre) / scale
            return (SIMPLE_WEIGHT * mean(examples[simple]) + of_members) / (SIMPLE_WEIGHT + 1)

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
        return np.sum([mean(examples[name]) for name in names], axis=0)

    def fit(calibration: Quantities) -> Scorer:
        if next(iter(calibration.values())).shape[1] < LEAST_CALIBRATION:
            return of_simple
        score, known = of_members(calibration), cross_fitted_scores(of_members, calibration, seed=0)
        return lambda examples: of_simple(examples) - log_p_values(score(examples), known)

    return fit
