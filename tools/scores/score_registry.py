"""Registry of the scores that are fitted on the calibration split.

They are computed from a run's files alone: the quantities of the members and the input properties,
of a set and of the calibration split. A fit has no access to any other set.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import reduce
from typing import NamedTuple

import numpy as np

from tools.errors import InputError
from tools.scores import calibrated, denoising
from tools.scores.conformal import Quantities, Scorer
from tools.scores.ensemble_statistics import mean
from tools.scores.floors import SIMPLE
from tools.scores.joined_scores import fisher_of, mean_of, raised_far_out, surprise_of
from tools.scores.likelihood_fits import (
    STATES,
    distance,
    dose,
    mean_and_variance,
    typicality,
    unexplained,
)

INPUT_PROPERTIES = ("complexity", "highest_log_likelihood", "brightness", "variation")
GRADIENT_NORMS = "gradient_norm."
BACKGROUND = "background_iwae"
LOGITS = ("extra_logit", "logit")  # of critics
NEAREST_DISTANCE, PLACE_DISTANCE = "nearest_distance", "place_distance"  # of features
SIMPLE_PARTS = "simple."  # begins the names of the parts of tools.scores.pictures
STRANGEST_PLACE = "strangest_place"  # of the members' maps
LOCAL_PART = f"{SIMPLE_PARTS}local"
# Quantities that come from the input alone, from simple detectors, and from another ensemble.
NOT_OF_MEMBERS = frozenset(
    {*INPUT_PROPERTIES, SIMPLE, SIMPLE_PARTS, LOCAL_PART, STRANGEST_PLACE, BACKGROUND}
)


class FittedScore(NamedTuple):
    """A score that is one number per example, higher = more anomalous.

    Attributes:
        meaning: Description for reports.
        needs: Names of the quantities that it is computed from; one that ends in a dot stands for
            all that begin with it.
        fit: Function from the quantities of the calibration split to the fitted score, which is a
            function from the quantities of examples to scores [example].
        statistics: Function from the number of members to how many statistics are fitted together;
            the fit needs several calibration examples for each.
        chosen_on: Training data of the runs whose figures had a part in choosing the score, on the
            sets that are known by name; on these its figures are optimistic.
    """

    meaning: str
    needs: tuple[str, ...]
    fit: Callable[[Quantities], Scorer]
    statistics: Callable[[int], int] = lambda members: 1
    chosen_on: tuple[str, ...] = ()

    def compute(self, examples: Quantities, calibration: Quantities) -> np.ndarray:
        """Scores [example] of examples, by a fit for these alone."""
        return self.fit(calibration)(examples)


def fit_score(key: str, calibration: Quantities) -> Scorer:
    """Fits a score to the quantities of the calibration split.

    Raises:
        InputError: It cannot be fitted to them; the function that is returned raises it for
            examples that cannot be scored.
    """
    with _named_failure(f"{key} cannot be fitted"):
        score = FITTED_SCORES[key].fit(calibration)

    def named(examples: Quantities) -> np.ndarray:
        with _named_failure(f"{key} cannot be computed"):
            return score(examples)

    return named


@contextmanager
def _named_failure(words: str) -> Iterator[None]:
    try:
        yield
    except (ValueError, ArithmeticError, np.linalg.LinAlgError) as error:
        raise InputError(f"{words}: {' '.join(str(error).split())}") from error


def is_simple(name: str) -> bool:
    """Whether a quantity comes from simple detectors, of rows or of pictures."""
    return name == SIMPLE or name.startswith(SIMPLE_PARTS)


def needed_quantities(score_keys: Iterable[str]) -> frozenset[str]:
    """Names of the quantities that the scores are computed from; a member's score is one itself."""
    needs = (FITTED_SCORES[key].needs if key in FITTED_SCORES else (key,) for key in score_keys)
    return frozenset(name for names in needs for name in names)


def fitted_scores(models: str) -> tuple[str, ...]:
    """Fitted scores of `likelihoods`, `critics`, `denoisers`, `features`, or `rows` of a table."""
    return tuple(key for key, score in FITTED_SCORES.items() if _models_of(score) == models)


def _models_of(score: FittedScore) -> str:
    """The models that give what a score needs."""
    marks = {"rows": {SIMPLE}, "critics": {*LOGITS}, "features": {PLACE_DISTANCE}}
    marks["denoisers"] = {*denoising.QUANTITIES}
    return next((name for name, marked in marks.items() if marked & {*score.needs}), "likelihoods")


def met_by(need: str, names: Iterable[str]) -> set[str]:
    """Names that satisfy the need; empty if it is unmet."""
    return {name for name in names if name == need or (need[-1] == "." and name.startswith(need))}


def needed_names(score_keys: Iterable[str], names: Iterable[str]) -> set[str]:
    """Names that satisfy the needs of the scores."""
    return {name for need in needed_quantities(score_keys) for name in met_by(need, names)}


def unmet_needs(score_key: str, names: Iterable[str]) -> list[str]:
    """Needs of a score that none of the names satisfies, sorted."""
    return sorted(need for need in needed_quantities([score_key]) if not met_by(need, names))


def quantities_of(score_keys: Iterable[str], known: Quantities) -> dict[str, np.ndarray]:
    """The known quantities that the scores are computed from, in the order of their names."""
    return {name: known[name] for name in sorted(needed_names(score_keys, known))}


def _unfitted(score: Scorer) -> Callable[[Quantities], Scorer]:
    """A score that takes nothing from the calibration split."""
    return lambda calibration: score


@_unfitted
def _bias_corrected(examples: Quantities) -> np.ndarray:
    return -mean(examples["iwae"] - examples["highest_log_likelihood"])


_input_complexity = unexplained("iwae", ("complexity",))
_likelihood_residual = unexplained("laplace", INPUT_PROPERTIES)

_PATH = ("reconstruction_error", "posterior_mean_norm", "posterior_stddev_norm")


_likelihood_path = distance(_PATH)
_critic_distance = distance(LOGITS)


def _gradient_norms(part: Quantities) -> list[np.ndarray]:
    """Log norms by tensor, in the order of its name: [member, example] each."""
    return [part[name] for name in sorted(met_by(GRADIENT_NORMS, part))]


def _gradient_norm(calibration: Quantities) -> Scorer:
    fitted = [calibrated.independent_normals(norms) for norms in _gradient_norms(calibration)]

    def score(examples: Quantities) -> np.ndarray:
        pairs = zip(fitted, _gradient_norms(examples), strict=True)
        return reduce(np.add, (score_of(norms) for score_of, norms in pairs))

    return score


def _gradient_distance(calibration: Quantities) -> Scorer:
    """From the calibration split's log norms; those of two tensors go together."""

    def means(of: Quantities) -> np.ndarray:
        return np.stack([mean(norms) for norms in _gradient_norms(of)])

    distance_of = calibrated.shrunk_distance(means(calibration))
    return lambda examples: distance_of(means(examples))


_fisher = fisher_of(typicality, _likelihood_path, _likelihood_residual)
_residual_and_gradient = fisher_of(_likelihood_residual, _gradient_distance)


@_unfitted
def _likelihood_ratio(examples: Quantities) -> np.ndarray:
    return mean(examples[BACKGROUND]) - mean(examples["iwae"])


_OF_RESIDUAL = ("mnist", "fashion_mnist", "cifar10")
_OF_TABLES = ("21 tables of ADBench",)
FITTED_SCORES = {
    "likelihood_residual": FittedScore(
        "-log p(x) less what complexity, bias, brightness and variation of the input explain of it,"
        " nats",
        ("laplace", *INPUT_PROPERTIES),
        _likelihood_residual,
        lambda members: len(INPUT_PROPERTIES),
        chosen_on=_OF_RESIDUAL,
    ),
    "typicality": FittedScore(
        "distance of log p(x) from its mean on the calibration split, nats", ("iwae",), typicality
    ),
    "mean_and_variance": FittedScore(
        "p-values of mean and variance of log p(x) over members, combined: WAIC subtracts the one"
        " from the other, nats and squared nats as they are",
        ("iwae",),
        mean_and_variance,
        chosen_on=("creditcard",),
    ),
    "bias_corrected": FittedScore(
        "-log p(x) less what any decoder can reach, nats",
        ("iwae", "highest_log_likelihood"),
        _bias_corrected,
    ),
    "input_complexity": FittedScore(
        "-log p(x) less what the input's complexity explains of it, nats",
        ("iwae", "complexity"),
        _input_complexity,
    ),
    "dose": FittedScore(
        "-log density of eight statistics of the ensemble, one by one", STATES, dose
    ),
    "likelihood_path": FittedScore(
        "distance of reconstruction error and posterior from the calibration split",
        _PATH,
        _likelihood_path,
        lambda members: len(_PATH) * members,
    ),
    "fisher": FittedScore(
        "p-values of typicality, likelihood_path and likelihood_residual, combined",
        ("iwae", *_PATH, "laplace", *INPUT_PROPERTIES),
        _fisher,
        lambda members: len(_PATH) * members,
        chosen_on=_OF_RESIDUAL,
    ),
    "gradient_norm": FittedScore(
        "-log density of the gradient's norm in each tensor of weights, one by one",
        (GRADIENT_NORMS,),
        _gradient_norm,
    ),
    "residual_and_gradient": FittedScore(
        "p-values of likelihood_residual and of the distance between the gradient's norms and the"
        " calibration split's, combined",
        ("laplace", *INPUT_PROPERTIES, GRADIENT_NORMS),
        _residual_and_gradient,
        lambda members: len(INPUT_PROPERTIES),
        chosen_on=_OF_RESIDUAL,
    ),
    "likelihood_ratio": FittedScore(
        "log p(x) of members that learned noisy inputs, less log p(x), nats",
        ("iwae", BACKGROUND),
        _likelihood_ratio,
    ),
    "likelihood_regret": FittedScore(
        "rise of log p(x) when q(z|x) is fitted to the input alone, nats",
        ("likelihood_regret",),
        mean_of("likelihood_regret"),
    ),
    "combined": FittedScore(
        "standardised scores of simple detectors of table rows, raised where -log p(x) is far out",
        ("iwae", SIMPLE),
        raised_far_out(SIMPLE, "iwae"),
        chosen_on=_OF_TABLES,
    ),
    "combined_flow": FittedScore(
        "as combined, with the log likelihood of flows",
        ("log_likelihood", SIMPLE),
        raised_far_out(SIMPLE, "log_likelihood"),
        chosen_on=_OF_TABLES,
    ),
    "combined_images": FittedScore(
        "-log p-values of simple detectors (the picture as a whole, its strangest place, its"
        " likeness to known ones) and of likelihood_residual, their sum, nats",
        ("laplace", *INPUT_PROPERTIES, SIMPLE_PARTS),
        surprise_of(SIMPLE_PARTS, _likelihood_residual),
        chosen_on=("photos of tiles", *_OF_RESIDUAL, "omniglot"),
    ),
    "local_residual": FittedScore(
        "-log p-value of the strangest place by local PCA, nats",
        (LOCAL_PART,),
        mean_of(LOCAL_PART),
    ),
    "local_likelihood": FittedScore(
        "-log p(x|z) per pixel at the posterior mean, of the strangest place, in standard"
        " deviations of calibration images there",
        (STRANGEST_PLACE,),
        mean_of(STRANGEST_PLACE),
    ),
    "denoising_residual": FittedScore(
        "log of the denoising error, less what complexity, brightness and variation of the input"
        " explain of it",
        (denoising.ERRORS, *denoising.COVARIATES),
        denoising.denoising_residual,
    ),
    "denoising_typicality": FittedScore(
        "distance of the predicted noise's size at each level from the calibration split's",
        (denoising.SIZES,),
        denoising.denoising_typicality,
    ),
    "eigenscore": FittedScore(
        "log of the largest eigenvalue of the posterior covariance, summed over noise levels",
        (denoising.EIGENVALUES,),
        _unfitted(denoising.eigenscore),
    ),
    "local_error": FittedScore(
        "denoising error of the strangest place, in standard deviations of calibration images",
        (STRANGEST_PLACE, denoising.ERROR),
        mean_of(STRANGEST_PLACE),
    ),
    "combined_features": FittedScore(
        "p-values of the whole picture (log p of its features, and their distance to the nearest"
        " known picture's) and of its strangest place, combined",
        ("log_likelihood", NEAREST_DISTANCE, PLACE_DISTANCE),
        fisher_of(
            fisher_of(mean_of("log_likelihood", -1), mean_of(NEAREST_DISTANCE)),
            mean_of(PLACE_DISTANCE),
        ),
        chosen_on=("photos of tiles",),
    ),
    "critic_distance": FittedScore(
        "distance of all members' logits, of both critics, from those of the calibration split",
        LOGITS,
        _critic_distance,
        lambda members: len(LOGITS) * members,
        chosen_on=("fashion_mnist", "cifar10"),
    ),
}
