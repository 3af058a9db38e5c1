"""The detection table: each statistic of each score on each OoD set, with intervals."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tools.scores.bootstrap import auroc_draws, interval
from tools.scores.ensemble import STATISTICS, anomaly_scores, mean, variance
from tools.scores.finished_run import HEADLINE_SCORE, FinishedRun
from tools.scores.flagged import FlagRule, flag_rules
from tools.scores.metrics import DetectionMetrics, detection_metrics


@dataclass(frozen=True)
class DetectionRow:
    """One row of metrics.csv, fields in its order, and the spread.

    For the statistic `single` each metric is the mean over the members' metrics, the interval that
    of this mean, and `spread` the members' standard deviations (ddof = 1); None: one member only.
    Without bootstrap draws `auroc_low` and `auroc_high` are None.
    """

    train_dataset: str
    dataset: str
    score: str
    statistic: str
    n_members: int
    n_in: int
    n_out: int
    auroc: float
    auroc_low: float | None
    auroc_high: float | None
    ap: float
    ap_in: float
    fpr95: float
    fpr99: float
    spread: Mapping[str, float] | None


@dataclass(frozen=True)
class DetectionTable:
    """All that an analysis finds, and how it was found.

    Attributes:
        run: The run.
        score_keys: The scores that were looked at, in the order of the rows.
        rows: By score key, then OoD set in the run's order, then statistic.
        flag_rules: Thresholds and the examples that they flag.
        draws: Bootstrap draws of the intervals; 0: there are none.
        seed: Root of the draws.
        ddof: Of the variance over members.
    """

    run: FinishedRun
    score_keys: tuple[str, ...]
    rows: tuple[DetectionRow, ...]
    flag_rules: tuple[FlagRule, ...]
    draws: int
    seed: int
    ddof: int

    @property
    def headline_score(self) -> str:
        """The score named before looking: iwae where it is in the table, else the first one."""
        return HEADLINE_SCORE if HEADLINE_SCORE in self.score_keys else self.score_keys[0]


def detection_table(
    run: FinishedRun,
    score_keys: Sequence[str],
    *,
    draws: int,
    seed: int,
    elbo_threshold: float | None,
    ddof: int = 0,
) -> DetectionTable:
    """The table of a run; the arguments are the fields of DetectionTable and of `flag_rules`."""
    rows = detection_rows(run, score_keys, draws=draws, seed=seed, ddof=ddof)
    rules = flag_rules(run, elbo_threshold, ddof)
    return DetectionTable(run, tuple(score_keys), tuple(rows), tuple(rules), draws, seed, ddof)


def detection_rows(
    run: FinishedRun, score_keys: Sequence[str], *, draws: int, seed: int, ddof: int = 0
) -> list[DetectionRow]:
    """All rows: by score key, then OoD set in the run's order, then statistic.

    Args:
        run: The run.
        score_keys: The scores to be looked at.
        draws: Bootstrap draws for the intervals; 0: no intervals.
        seed: Root of the bootstrap's draws.
        ddof: Of the variance over members.
    """
    rows = {
        (row.score, row.dataset, row.statistic): row
        for dataset in run.out_of_distribution
        for row in _dataset_rows(run, dataset, score_keys, draws=draws, seed=seed, ddof=ddof)
    }
    return [
        rows[key, dataset, statistic]
        for key in score_keys
        for dataset in run.out_of_distribution
        for statistic in STATISTICS
    ]


def mean_auroc(rows: Sequence[DetectionRow]) -> dict[tuple[str, str], float]:
    """Mean AUROC over the OoD sets of each (score, statistic), in the order of the rows."""
    groups: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        groups.setdefault((row.score, row.statistic), []).append(row.auroc)
    return {pair: float(np.mean(aurocs)) for pair, aurocs in groups.items()}


def _dataset_rows(
    run: FinishedRun, dataset: str, score_keys: Sequence[str], *, draws: int, seed: int, ddof: int
) -> Iterator[DetectionRow]:
    """The rows of one OoD set; all of them share the bootstrap's draws."""
    inside, outside = (
        _score_lines(run, name, score_keys, ddof) for name in (run.in_distribution, dataset)
    )
    aurocs = auroc_draws(
        np.concatenate(list(inside.values())),
        np.concatenate(list(outside.values())),
        draws=draws,
        seed=seed,
    )  # [score line, draw]
    for (key, statistic), lines_in in inside.items():
        lines_out = outside[key, statistic]
        lines_aurocs, aurocs = aurocs[: len(lines_in)], aurocs[len(lines_in) :]
        names = {"in_distribution": run.in_distribution, "dataset": dataset}
        metrics = [
            detection_metrics(*pair, **names) for pair in zip(lines_in, lines_out, strict=True)
        ]
        low, high = interval(mean(lines_aurocs)) if draws else (None, None)
        yield DetectionRow(
            train_dataset=run.in_distribution,
            score=key,
            statistic=statistic,
            n_members=run.n_members,
            n_in=lines_in.shape[1],
            n_out=lines_out.shape[1],
            auroc_low=low,
            auroc_high=high,
            spread=_spread(metrics),
            dataset=dataset,
            **DetectionMetrics(*mean(np.array(metrics)).tolist())._asdict(),
        )


def _score_lines(
    run: FinishedRun, dataset: str, score_keys: Sequence[str], ddof: int
) -> dict[tuple[str, str], np.ndarray]:
    """{(score key, statistic): anomaly scores [line, example]}; `single` has a line per member."""
    values = run.scores[dataset].scores
    return {
        (key, statistic): np.atleast_2d(scores)
        for key in score_keys
        for statistic, scores in anomaly_scores(key, values[key], ddof).items()
    }


def _spread(metrics: Sequence[DetectionMetrics]) -> dict[str, float] | None:
    """Standard deviation of each metric over members, ddof = 1; None: there is only one."""
    if len(metrics) < 2:
        return None
    deviations = np.sqrt(variance(np.array(metrics), ddof=1))
    return DetectionMetrics(*deviations.tolist())._asdict()
