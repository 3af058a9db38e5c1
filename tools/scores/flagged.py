"""How many examples of each set are flagged at a threshold."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tools.errors import InputError
from tools.run.run_folder import CALIBRATION
from tools.scores.finished_run import FinishedRun
from tools.scores.metrics import ACCEPTED_PERCENT, acceptance_threshold
from tools.scores.score_lines import Lines, score_lines

MEAN_ELBO = ("elbo", "mean")


@dataclass(frozen=True)
class FlagRule:
    """An example is flagged when its anomaly score exceeds the threshold.

    Attributes:
        score: Score key.
        statistic: Over the ensemble.
        source: Where the threshold comes from: `elbo_threshold` or `calibration`.
        threshold: In the score's unit; higher = more anomalous.
        flagged: {data set: number of flagged examples}.
        total: {data set: number of examples}.
    """

    score: str
    statistic: str
    source: str
    threshold: float
    flagged: Mapping[str, int]
    total: Mapping[str, int]


def calibration_thresholds(
    run: FinishedRun, headlines: Sequence[tuple[str, str]], ddof: int = 0
) -> dict[tuple[str, str], float]:
    """The thresholds that 95 % of the calibration split do not exceed, by score and statistic.

    Args:
        run: The run.
        headlines: (score key, statistic) of scores that are one number per example; the mean of
            -elbo is looked at too, where the run has it.
        ddof: Of the variance over members.
    """
    has_elbo = MEAN_ELBO[0] in run.score_keys
    pairs = dict.fromkeys([*headlines, *[MEAN_ELBO] * has_elbo])
    lines = score_lines(run, CALIBRATION, dict.fromkeys(key for key, _ in pairs), ddof)
    return {pair: acceptance_threshold(lines[pair][0], ACCEPTED_PERCENT) for pair in pairs}


def flag_rules(
    run: FinishedRun,
    lines: Mapping[str, Lines],
    thresholds: Mapping[tuple[str, str], float],
    elbo_threshold: float | None,
    ddof: int = 0,
) -> Iterator[FlagRule]:
    """Counts at `elbo_threshold`, and at those that the calibration split gives.

    Args:
        run: The run.
        lines: {test set: its scores}.
        thresholds: Of `calibration_thresholds`.
        elbo_threshold: Flags where the mean of -elbo over members, in nats, is higher; None: no
            such rule.
        ddof: Of the variance over members.

    Raises:
        InputError: There is a threshold for the ELBO but no ELBO.
    """

    def scores_of(dataset: str, pair: tuple[str, str]) -> np.ndarray:
        found = lines.get(dataset, {})
        return (found if pair in found else score_lines(run, dataset, pair[:1], ddof))[pair][0]

    if elbo_threshold is not None:
        if MEAN_ELBO not in thresholds:
            raise InputError("--elbo_threshold needs scores of elbo, and this run has none")
        yield _rule(run, MEAN_ELBO, scores_of, "elbo_threshold", elbo_threshold)
    for pair, threshold in thresholds.items():
        yield _rule(run, pair, scores_of, CALIBRATION, threshold)


def _rule(
    run: FinishedRun,
    pair: tuple[str, str],
    scores_of: Callable[[str, tuple[str, str]], np.ndarray],
    source: str,
    threshold: float,
) -> FlagRule:
    scores = {name: scores_of(name, pair) for name in run.test_sets}
    return FlagRule(
        *pair,
        source=source,
        threshold=threshold,
        flagged={name: int((scores[name] > threshold).sum()) for name in scores},
        total={name: len(scores[name]) for name in scores},
    )
