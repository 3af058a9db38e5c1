"""How many examples of each set are flagged at a threshold."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tools.errors import InputError
from tools.run.folder import CALIBRATION
from tools.scores.ensemble import anomaly_scores
from tools.scores.finished_run import FinishedRun
from tools.scores.metrics import ACCEPTED_PERCENT, acceptance_threshold

CALIBRATED = (("elbo", "mean"), ("iwae", "waic"), ("log_likelihood", "waic"))


@dataclass(frozen=True)
class FlagRule:
    """An example is flagged when its anomaly score exceeds the threshold.

    Attributes:
        score: Score key.
        statistic: Over the ensemble.
        source: Where the threshold comes from: `elbo_threshold` or `calibration`.
        threshold: In the score's unit, nats for elbo and iwae; higher = more anomalous.
        flagged: {data set: number of flagged examples}.
        total: {data set: number of examples}.
    """

    score: str
    statistic: str
    source: str
    threshold: float
    flagged: Mapping[str, int]
    total: Mapping[str, int]


def flag_rules(run: FinishedRun, elbo_threshold: float | None, ddof: int = 0) -> Iterator[FlagRule]:
    """Counts at `elbo_threshold` and at the calibration split's 95th percentiles.

    Args:
        run: The run; a percentile is left out where it has not the score.
        elbo_threshold: Flags where the mean of -elbo over members, in nats, is higher; None: no
            such rule.
        ddof: Of the variance over members.

    Raises:
        InputError: There is a threshold for the ELBO but no ELBO.
    """
    if elbo_threshold is not None:
        if "elbo" not in run.score_keys:
            raise InputError("--elbo_threshold needs scores of elbo, and this run has none")
        yield _rule(run, ("elbo", "mean"), "elbo_threshold", elbo_threshold, ddof)
    for key, statistic in CALIBRATED:
        if key in run.score_keys:
            scores = anomaly_scores(key, run.scores[CALIBRATION].scores[key], ddof)[statistic]
            threshold = acceptance_threshold(scores, ACCEPTED_PERCENT)
            yield _rule(run, (key, statistic), CALIBRATION, threshold, ddof)


def _rule(
    run: FinishedRun, score: tuple[str, str], source: str, threshold: float, ddof: int
) -> FlagRule:
    key, statistic = score
    scores = {
        name: anomaly_scores(key, run.scores[name].scores[key], ddof)[statistic]
        for name in run.test_sets
    }
    return FlagRule(
        score=key,
        statistic=statistic,
        source=source,
        threshold=threshold,
        flagged={name: int((scores[name] > threshold).sum()) for name in scores},
        total={name: len(scores[name]) for name in scores},
    )
