"""Fits of scores to a VAE's likelihoods and what belongs to them.

Each is a fit as `FittedScore` has it, or returns one: from the quantities of the calibration split
to a function from the quantities of examples to scores [example], higher = more anomalous.
"""

from collections.abc import Callable, Sequence

import numpy as np

from tools.scores import calibrated
from tools.scores.conformal import Quantities, Scorer, stacked
from tools.scores.ensemble_statistics import mean, variance


def typicality(calibration: Quantities) -> Scorer:
    """Members' mean of the distance of iwae from its mean, nats."""
    distance_of = calibrated.typicality(calibration["iwae"])
    return lambda examples: mean(distance_of(examples["iwae"]))


def mean_and_variance(calibration: Quantities) -> Scorer:
    """Fisher's combination of the p-values of -iwae's mean and its variance over members."""

    def parts(of: Quantities) -> np.ndarray:
        return np.stack([-mean(of["iwae"]), variance(of["iwae"])])

    combined = calibrated.fisher(parts(calibration))
    return lambda examples: combined(parts(examples))


def unexplained(likelihood: str, properties: Sequence[str]) -> Callable[[Quantities], Scorer]:
    """Minus the members' mean of what is left of a log likelihood."""

    def fit(calibration: Quantities) -> Scorer:
        covariates = stacked(calibration, properties)
        rest = calibrated.unexplained_log_likelihood(calibration[likelihood], covariates)
        return lambda examples: -mean(rest(examples[likelihood], stacked(examples, properties)))

    return fit


STATES = (
    "elbo",
    "iwae",
    "rate",
    "distortion",
    "posterior_entropy",
    "log_weight_variance",
)


def _states(part: Quantities) -> np.ndarray:
    """Means over members, the cross-entropy of q(z|x) to the prior, the ensemble's variance."""
    means = {name: mean(part[name]) for name in STATES}
    cross_entropy = means["rate"] + means["posterior_entropy"]
    return np.stack([*means.values(), cross_entropy, np.log1p(variance(part["iwae"]))])


def dose(calibration: Quantities) -> Scorer:
    """-log density of eight statistics of the ensemble, one by one, nats."""
    score = calibrated.density_of_states(_states(calibration))
    return lambda examples: score(_states(examples))


def distance(names: Sequence[str]) -> Callable[[Quantities], Scorer]:
    """Distance from the calibration split in these quantities of all members."""

    def fit(calibration: Quantities) -> Scorer:
        distance_of = calibrated.gaussian_distance(stacked(calibration, names))
        return lambda examples: distance_of(stacked(examples, names))

    return fit
