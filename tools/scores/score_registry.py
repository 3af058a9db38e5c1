"""Registry of the scores that are fitted on the calibration split.

They are computed from a run's files alone: the quantities of the members and the input properties,
of a set and of the calibration split. A fit has no access to any other set.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import reduce
from typing import NamedTuple

import numpy as np

from tools.errors import InputError
from tools.scores import calibrated, denoising, joined_scores
from tools.scores.conformal import Quantities, Scorer
from tools.scores.ensemble_statistics import mean, variance
from tools.scores.joined_scores import fisher_of, standardised_sum, surprise_of

INPUT_PROPERTIES = ("complexity", "highest_log_likelihood", "brightness", "variation")
GRADIENT_NORMS = "gradient_norm."
BACKGROUND = "background_iwae"
LOGITS, PLACE_DISTANCE = ("extra_logit", "logit"), "place_distance"  # of critics, of features
SIMPLE = "simple"  # of the rows of a table, see tools.scores.simple
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
    """

    meaning: str
    needs: tuple[str, ...]
    fit: Callable[[Quantities], Scorer]

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
    marks["denoisers"] = {denoising.ERRORS, denoising.SIZES, denoising.EIGENVALUES}
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


def _typicality(calibration: Quantities) -> Scorer:
    distance = calibrated.typicality(calibration["iwae"])
    return lambda examples: mean(distance(examples["iwae"]))


def _mean_and_variance(calibration: Quantities) -> Scorer:
    def parts(of: Quantities) -> np.ndarray:
        return np.stack([-mean(of["iwae"]), variance(of["iwae"])])

    combined = calibrated.fisher(parts(calibration))
    return lambda examples: combined(parts(examples))


@_unfitted
def _bias_corrected(examples: Quantities) -> np.ndarray:
    return -mean(examples["iwae"] - examples["highest_log_likelihood"])


def _unexplained(likelihood: str, properties: Sequence[str]) -> Callable[[Quantities], Scorer]:
    """Minus the members' mean of what is left of a log likelihood."""

    def fit(calibration: Quantities) -> Scorer:
        covariates = _stacked(calibration, properties)
        rest = calibrated.unexplained_log_likelihood(calibration[likelihood], covariates)
        return lambda examples: -mean(rest(examples[likelihood], _stacked(examples, properties)))

    return fit


_input_complexity = _unexplained("iwae", ("complexity",))
_likelihood_residual = _unexplained("laplace", INPUT_PROPERTIES)

_STATES = (
    "elbo",
    "iwae",
    "rate",
    "distortion",
    "posterior_entropy",
    "log_weight_variance",
)


def _states(part: Quantities) -> np.ndarray:
    """Means over members, the cross-entropy of q(z|x) to the prior, the ensemble's variance."""
    means = {name: mean(part[name]) for name in _STATES}
    cross_entropy = means["rate"] + means["posterior_entropy"]
    return np.stack([*means.values(), cross_entropy, np.log1p(variance(part["iwae"]))])


def _dose(calibration: Quantities) -> Scorer:
    score = calibrated.density_of_states(_states(calibration))
    return lambda examples: score(_states(examples))


_PATH = ("reconstruction_error", "posterior_mean_norm", "posterior_stddev_norm")


def _distance(names: Sequence[str]) -> Callable[[Quantities], Scorer]:
    """Distance from the calibration split in these quantities of all members."""

    def fit(calibration: Quantities) -> Scorer:
        distance = calibrated.gaussian_distance(_stacked(calibration, names))
        return lambda examples: distance(_stacked(examples, names))

    return fit


_likelihood_path = _distance(_PATH)
_critic_distance = _distance(LOGITS)


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

    distance = calibrated.shrunk_distance(means(calibration))
    return lambda examples: distance(means(examples))


_fisher = fisher_of(_typicality, _likelihood_path, _likelihood_residual)
_residual_and_gradient = fisher_of(_likelihood_residual, _gradient_distance)


@_unfitted
def _likelihood_ratio(examples: Quantities) -> np.ndarray:
    return mean(examples[BACKGROUND]) - mean(examples["iwae"])


def _as_it_is(quantity: str) -> Callable[[Quantities], Scorer]:
    """The members' mean of one quantity."""
    return _unfitted(lambda examples: mean(examples[quantity]))


def _stacked(part: Quantities, names: Sequence[str]) -> np.ndarray:
    """The lines of all these quantities under one another: [line, example]."""
    return np.concatenate([part[name] for name in names])


FITTED_SCORES = {
    "likelihood_residual": FittedScore(
        "-log p(x) less what complexity, bias, brightness and variation of the input explain of it,"
        " nats",
        ("laplace", *INPUT_PROPERTIES),
        _likelihood_residual,
    ),
    "typicality": FittedScore(
        "distance of log p(x) from its mean on the calibration split, nats", ("iwae",), _typicality
    ),
    "mean_and_variance": FittedScore(
        "p-values of mean and variance of log p(x) over members, combined: WAIC subtracts the one"
        " from the other, nats and squared nats as they are",
        ("iwae",),
        _mean_and_variance,
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
        "-log density of eight statistics of the ensemble, one by one", _STATES, _dose
    ),
    "likelihood_path": FittedScore(
        "distance of reconstruction error and posterior from the calibration split",
        _PATH,
        _likelihood_path,
    ),
    "fisher": FittedScore(
        "p-values of typicality, likelihood_path and likelihood_residual, combined",
        ("iwae", *_PATH, "laplace", *INPUT_PROPERTIES),
        _fisher,
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
    ),
    "likelihood_ratio": FittedScore(
        "log p(x) of members that learned noisy inputs, less log p(x), nats",
        ("iwae", BACKGROUND),
        _likelihood_ratio,
    ),
    "likelihood_regret": FittedScore(
        "rise of log p(x) when q(z|x) is fitted to the input alone, nats",
        ("likelihood_regret",),
        _as_it_is("likelihood_regret"),
    ),
    "combined": FittedScore(
        "standardised scores of simple detectors of table rows and -log p(x), their weighted mean",
        ("iwae", SIMPLE),
        standardised_sum(SIMPLE, "iwae"),
    ),
    "combined_flow": FittedScore(
        "as combined, with the log likelihood of flows",
        ("log_likelihood", SIMPLE),
        standardised_sum(SIMPLE, "log_likelihood"),
    ),
    "combined_images": FittedScore(
        "-log p-values of simple detectors (the picture as a whole, its strangest place, its"
        " likeness to known ones) and of likelihood_residual, their sum, nats",
        ("laplace", *INPUT_PROPERTIES, SIMPLE_PARTS),
        surprise_of(SIMPLE_PARTS, _likelihood_residual),
    ),
    "local_residual": FittedScore(
        "-log p-value of the strangest place by local PCA, nats",
        (LOCAL_PART,),
        _as_it_is(LOCAL_PART),
    ),
    "local_likelihood": FittedScore(
        "-log p(x|z) per pixel at the posterior mean, of the strangest place, in standard"
        " deviations of calibration images there",
        (STRANGEST_PLACE,),
        _as_it_is(STRANGEST_PLACE),
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
    "flow_and_places": FittedScore(
        "p-values of log p(pooled features) and of the strangest place's features, combined",
        ("log_likelihood", PLACE_DISTANCE),
        joined_scores.fisher_of_members("log_likelihood", PLACE_DISTANCE),
    ),
    "critic_distance": FittedScore(
        "distance of all members' logits, of both critics, from those of the calibration split",
        LOGITS,
        _critic_distance,
    ),
}
