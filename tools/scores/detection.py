"""The detection table: each statistic of each score on each OoD set, with intervals."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tools.scores.alerts import AlertRow, alert_rows
from tools.scores.bootstrap import auroc_draws, interval
from tools.scores.ensemble import STATISTICS, headline_score, mean, variance
from tools.scores.finished_run import FinishedRun
from tools.scores.flagged import FlagRule, flag_rules
from tools.scores.lines import ENSEMBLE, Lines, ensemble_lines, ensemble_pairs, score_lines
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
        alert_rows: Recall and precision at numbers of alerts, for labelled anomalies.
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
    alert_rows: tuple[AlertRow, ...] = ()

    @property
    def headline_score(self) -> str:
        """The score of the table that was named before looking."""
        return headline_score(self.score_keys)

    @property
    def member_rows(self) -> tuple[DetectionRow, ...]:
        """The rows of the members' scores."""
        return tuple(row for row in self.rows if row.statistic != ENSEMBLE)

    @property
    def ensemble_rows(self) -> tuple[DetectionRow, ...]:
        """The rows of the scores that are one number per example."""
        return tuple(row for row in self.rows if row.statistic == ENSEMBLE)


def detection_table(
    run: FinishedRun,
    score_keys: Sequence[str],
    *,
    draws: int,
    seed: int,
    elbo_threshold: float | None,
    alerts: Sequence[int] = (),
    ddof: int = 0,
) -> DetectionTable:
    """The table of a run; the arguments are the fields of DetectionTable and of its rows."""
    options = {"draws": draws, "seed": seed, "ddof": ddof}
    return DetectionTable(
        run,
        tuple(score_keys),
        rows=tuple(detection_rows(run, score_keys, **options)),
        flag_rules=tuple(flag_rules(run, elbo_threshold, ddof)),
        alert_rows=tuple(alert_rows(run, score_keys, alerts, **options)),
        **options,
    )


def detection_rows(
    run: FinishedRun, score_keys: Sequence[str], *, draws: int, seed: int, ddof: int = 0
) -> list[DetectionRow]:
    """All rows: by score key, then OoD set in the run's order, then statistic.

    After them come the scores that are one number per example, under the statistic `ensemble`.

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
        for row in _member_rows(run, dataset, score_keys, draws=draws, seed=seed, ddof=ddof)
    }
    of_members = [
        rows[key, dataset, statistic]
        for key in score_keys
        for dataset in run.out_of_distribution
        for statistic in STATISTICS
    ]
    return of_members + list(_ensemble_rows(run, draws=draws, seed=seed))


def mean_auroc(rows: Sequence[DetectionRow]) -> dict[tuple[str, str], float]:
    """Mean AUROC over the OoD sets of each (score, statistic), in the order of the rows."""
    groups: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        groups.setdefault((row.score, row.statistic), []).append(row.auroc)
    return {pair: float(np.mean(aurocs)) for pair, aurocs in groups.items()}


def _member_rows(
    run: FinishedRun, dataset: str, score_keys: Sequence[str], *, draws: int, seed: int, ddof: int
) -> Iterator[DetectionRow]:
    """The rows of one OoD set for all statistics of the members' scores."""
    inside, outside = (
        score_lines(run, name, score_keys, ddof) for name in (run.in_distribution, dataset)
    )
    names = {"in_distribution": run.in_distribution, "dataset": dataset}
    yield from _rows(inside, outside, names, n_members=run.n_members, draws=draws, seed=seed)


def _ensemble_rows(run: FinishedRun, *, draws: int, seed: int) -> Iterator[DetectionRow]:
    """The rows of the scores that are one number per example."""
    for source, dataset in ensemble_pairs(run):
        files = run.ensemble_scores[source]
        inside, outside = (ensemble_lines(files[n]) for n in (run.in_distribution, dataset))
        names = {"in_distribution": run.in_distribution, "dataset": dataset}
        n_members = files[dataset].provenance.get("n_members", 1)
        yield from _rows(inside, outside, names, n_members=n_members, draws=draws, seed=seed)


def _rows(
    inside: Lines,
    outside: Lines,
    names: Mapping[str, str],
    *,
    n_members: int,
    draws: int,
    seed: int,
) -> Iterator[DetectionRow]:
    """A row per score of the same examples; all of them share the bootstrap's draws."""
    aurocs = auroc_draws(
        np.concatenate(list(inside.values())),
        np.concatenate(list(outside.values())),
        draws=draws,
        seed=seed,
    )  # [score line, draw]
    for (key, statistic), lines_in in inside.items():
        lines_out = outside[key, statistic]
        lines_aurocs, aurocs = aurocs[: len(lines_in)], aurocs[len(lines_in) :]
        metrics = [
            detection_metrics(*pair, **names) for pair in zip(lines_in, lines_out, strict=True)
        ]
        low, high = interval(mean(lines_aurocs)) if draws else (None, None)
        yield DetectionRow(
            train_dataset=names["in_distribution"],
            score=key,
            statistic=statistic,
            n_members=n_members,
            n_in=lines_in.shape[1],
            n_out=lines_out.shape[1],
            auroc_low=low,
            auroc_high=high,
            spread=_spread(metrics),
            dataset=names["dataset"],
            **DetectionMetrics(*mean(np.array(metrics)).tolist())._asdict(),
        )


def _spread(metrics: Sequence[DetectionMetrics]) -> dict[str, float] | None:
    """Standard deviation of each metric over members, ddof = 1; None: there is only one."""
    if len(metrics) < 2:
        return None
    deviations = np.sqrt(variance(np.array(metrics), ddof=1))
    return DetectionMetrics(*deviations.tolist())._asdict()
