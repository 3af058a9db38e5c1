"""Scores of each set as arrays [line, example], a line per score, as metrics take them."""

import logging
from collections.abc import Collection, Iterator, Sequence

import numpy as np

from tools.errors import InputError
from tools.run.run_folder import CALIBRATION
from tools.scores.conformal import FALSE_ALARMS, threshold_at
from tools.scores.ensemble_statistics import SCORE_KEYS, anomaly_scores
from tools.scores.finished_run import FinishedRun
from tools.scores.metrics import refuse_unusable
from tools.scores.score_files import ScoreFile
from tools.scores.score_registry import FITTED_SCORES, needed_names, quantities_of

_LOG = logging.getLogger(__name__)
QUICK_SCORES = ("combined_images", "likelihood_residual", "critic_distance")
ENSEMBLE = "ensemble"  # the statistic of scores that are already one number per example
MEAN_ELBO = ("elbo", "mean")
# {(score key, statistic): anomaly scores [line, example]}
Lines = dict[tuple[str, str], np.ndarray]


def score_lines(run: FinishedRun, dataset: str, score_keys: Collection[str], ddof: int) -> Lines:
    """The scores of a set: all statistics of those of members, then the fitted ones.

    `single` has a line per member.

    Raises:
        InputError: A fitted score cannot be fitted, or is not finite.
    """
    values = run.scores[dataset].scores
    lines = {
        (key, statistic): np.atleast_2d(scores)
        for key in score_keys
        if key not in FITTED_SCORES
        for statistic, scores in anomaly_scores(key, values[key], ddof).items()
    }
    fitted_keys = [key for key in score_keys if key in FITTED_SCORES]
    examples = quantities_of(fitted_keys, run.quantities(dataset))  # read once for all of them
    for key in fitted_keys:
        scores = run.fitted_score(key)(examples)
        refuse_unusable(scores, f"{key} of {dataset}")
        lines[key, ENSEMBLE] = scores[np.newaxis]
    return lines


def usable_lines(
    run: FinishedRun, score_keys: Sequence[str], ddof: int
) -> tuple[dict[str, Lines], dict[str, str]]:
    """The scores that are finite on all sets, and why the others are left out.

    Args:
        run: The run.
        score_keys: The scores, in the order of the lines.
        ddof: Divisor of the variance over M members is M - ddof.

    Returns:
        {test set: its scores}, {score key: reason}.

    Raises:
        InputError: No score is left.
    """
    lines: dict[str, Lines] = {name: {} for name in run.test_sets}
    sets, left_out = (*run.test_sets, *run.altered), {}
    for key in score_keys:
        try:
            refuse_unusable_quantities(run, key)
            found = {name: score_lines(run, name, [key], ddof) for name in sets}
        except InputError as error:
            left_out[key] = str(error)
            _LOG.warning("%s is left out: %s", key, error)
            continue
        for name in run.test_sets:
            lines[name] |= found[name]
    if len(left_out) == len(score_keys):
        reason = next(iter(left_out.values()))
        raise InputError(f"{run.folder.path}: no score is usable; the first one: {reason}")
    return lines, left_out


def refuse_unusable_quantities(run: FinishedRun, key: str) -> None:
    """Raises InputError if a quantity that the score is computed from is not finite."""
    for dataset in run.scores:
        quantities = run.quantities(dataset)
        for name in sorted(needed_names([key], quantities)):
            refuse_unusable(quantities[name], f"{name} of {dataset}")


def calibration_thresholds(
    run: FinishedRun, headlines: Sequence[tuple[str, str]], ddof: int = 0
) -> dict[tuple[str, str], float]:
    """{(score, statistic): threshold that 5 % of examples to come exceed, at most}.

    It is infinite where the calibration examples are too few, fewer than 19, or a fitted score
    cannot be fitted to a part of them.

    Args:
        run: The run.
        headlines: (score key, statistic) of scores that are one number per example; the mean of
            -elbo is looked at too, where the run has it.
        ddof: Divisor of the variance over M members is M - ddof.
    """
    pairs = list(headlines)
    if MEAN_ELBO not in pairs and _has_usable_elbo(run):
        pairs.append(MEAN_ELBO)
    member_keys = dict.fromkeys(key for key, _ in pairs if key not in FITTED_SCORES)
    lines = score_lines(run, CALIBRATION, member_keys, ddof)
    return {
        pair: _threshold(run, pair[0])
        if pair[0] in FITTED_SCORES
        else threshold_at(lines[pair][0], FALSE_ALARMS)
        for pair in pairs
    }


def calibration_scores(run: FinishedRun, pair: tuple[str, str], ddof: int) -> np.ndarray:
    """Anomaly scores of the calibration split [example], cross-fitted if the score is a fitted one.

    Args:
        run: The run.
        pair: Score key and statistic.
        ddof: Divisor of the variance over M members is M - ddof.
    """
    if pair[0] in FITTED_SCORES:
        return run.calibration_scores(pair[0])
    return score_lines(run, CALIBRATION, pair[:1], ddof)[pair][0]


def _threshold(run: FinishedRun, key: str) -> float:
    """The threshold of a fitted score."""
    try:
        scores = run.calibration_scores(key)
        refuse_unusable(scores, f"{key} of the calibration split")
    except InputError as error:
        _LOG.warning("no rows are flagged by %s: %s", key, error)
        return np.inf
    return threshold_at(scores, FALSE_ALARMS)


def _has_usable_elbo(run: FinishedRun) -> bool:
    if MEAN_ELBO[0] not in run.score_keys:
        return False
    try:
        refuse_unusable_quantities(run, MEAN_ELBO[0])
    except InputError as error:
        _LOG.warning("no rows are flagged by the ELBO: %s", error)
        return False
    return True


def peer_lines(file: ScoreFile) -> Lines:
    """Scores of another detector; they are higher = more anomalous already."""
    return {(key, ENSEMBLE): values.astype(np.float64) for key, values in file.scores.items()}


def peer_pairs(run: FinishedRun) -> Iterator[tuple[str, str]]:
    """Source and OoD set of all scores of other detectors."""
    for source, files in run.peer_scores.items():
        for dataset in run.out_of_distribution:
            if dataset in files:
                yield source, dataset


def deployed_score(score_keys: Sequence[str]) -> tuple[str, str]:
    """The score and statistic by which a finished run flags new examples, from its score_keys.

    It is the first score, but of images one that costs a single pass and is one number per example,
    if it is among them: likelihood_residual of VAEs, critic_distance of WGANs.
    """
    first = score_keys[0]
    quick = next((key for key in QUICK_SCORES if key in score_keys), first)
    key = first if first in FITTED_SCORES else quick
    return key, ENSEMBLE if key in FITTED_SCORES else SCORE_KEYS[key].headline_statistics[0]
