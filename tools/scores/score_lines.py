"""Scores of each set as arrays [line, example], a line per score, as metrics take them."""

from collections.abc import Collection, Iterator, Sequence

import numpy as np

from tools.run.run_folder import CALIBRATION
from tools.scores.conformal import threshold_at
from tools.scores.ensemble_statistics import anomaly_scores
from tools.scores.finished_run import FinishedRun
from tools.scores.metrics import refuse_unusable
from tools.scores.score_files import ScoreFile
from tools.scores.score_registry import FITTED_SCORES, quantities_of

ENSEMBLE = "ensemble"  # the statistic of scores that are already one number per example
MEAN_ELBO = ("elbo", "mean")
FALSE_ALARMS = 0.05  # share that the thresholds of a report promise at most
# {(score key, statistic): anomaly scores [line, example]}
Lines = dict[tuple[str, str], np.ndarray]


def score_lines(run: FinishedRun, dataset: str, score_keys: Collection[str], ddof: int) -> Lines:
    """The scores of a set: all statistics of those of members, then the fitted ones.

    `single` has a line per member.

    Raises:
        InputError: A fitted score is NaN.
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


def calibration_thresholds(
    run: FinishedRun, headlines: Sequence[tuple[str, str]], ddof: int = 0
) -> dict[tuple[str, str], float]:
    """{(score, statistic): threshold that 5 % of examples to come exceed, at most}.

    It is infinite where the calibration examples are too few, fewer than 19.

    Args:
        run: The run.
        headlines: (score key, statistic) of scores that are one number per example; the mean of
            -elbo is looked at too, where the run has it.
        ddof: Divisor of the variance over M members is M - ddof.
    """
    pairs = list(headlines)
    if MEAN_ELBO[0] in run.score_keys and MEAN_ELBO not in pairs:
        pairs.append(MEAN_ELBO)
    member_keys = dict.fromkeys(key for key, _ in pairs if key not in FITTED_SCORES)
    lines = score_lines(run, CALIBRATION, member_keys, ddof)
    return {
        pair: threshold_at(
            run.calibration_scores(pair[0]) if pair[0] in FITTED_SCORES else lines[pair][0],
            FALSE_ALARMS,
        )
        for pair in pairs
    }


def peer_lines(file: ScoreFile) -> Lines:
    """Scores of another detector; they are higher = more anomalous already."""
    return {(key, ENSEMBLE): values.astype(np.float64) for key, values in file.scores.items()}


def peer_pairs(run: FinishedRun) -> Iterator[tuple[str, str]]:
    """Source and OoD set of all scores of other detectors."""
    for source, files in run.peer_scores.items():
        for dataset in run.out_of_distribution:
            if dataset in files:
                yield source, dataset
