"""Scores of denoisers' quantities, which are logarithms by noise level."""

import numpy as np

from tools.scores import calibrated
from tools.scores.conformal import Quantities, Scorer, stacked
from tools.scores.ensemble_statistics import mean

# Errors of the predicted noise, its sizes, and largest eigenvalues of the posterior covariance.
ERROR = "denoising_error"  # mean over the levels
ERRORS, SIZES, EIGENVALUES = "denoising_error.", "denoising_size.", "posterior_eigenvalue."
QUANTITIES = (ERROR, ERRORS, SIZES, EIGENVALUES)
COVARIATES = ("complexity", "brightness", "variation")  # of the input


def denoising_residual(calibration: Quantities) -> Scorer:
    """Mean log error over members and levels, less what the input's properties explain of it."""

    def minus_error(of: Quantities) -> np.ndarray:
        return -_by_level(of, ERRORS).mean(axis=0, keepdims=True)

    known = stacked(calibration, COVARIATES)
    rest = calibrated.unexplained_log_likelihood(minus_error(calibration), known)
    return lambda examples: -mean(rest(minus_error(examples), stacked(examples, COVARIATES)))


def denoising_typicality(calibration: Quantities) -> Scorer:
    """Distance of the predicted noise's sizes from those of the calibration images.

    Mahmood et al. 2021 (MSMA), https://arxiv.org/abs/2010.13132, with one normal distribution.
    """
    distance = calibrated.gaussian_distance(_by_level(calibration, SIZES))
    return lambda examples: distance(_by_level(examples, SIZES))


def eigenscore(examples: Quantities) -> np.ndarray:
    """Sum over levels of the members' mean log eigenvalue: [example]."""
    return _by_level(examples, EIGENVALUES).sum(axis=0)


def _by_level(of: Quantities, prefix: str) -> np.ndarray:
    """Means over members at each noise level: [level, example]."""
    return np.stack([mean(of[name]) for name in sorted(of) if name.startswith(prefix)])
