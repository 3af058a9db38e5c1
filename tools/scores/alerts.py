"""Recall and precision at a number of alerts: what those who look into alerts ask for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from tools.scores.bootstrap import interval, metric_draws
from tools.scores.counts import average_precision_of, counts_of, recall_of
from tools.scores.ensemble_statistics import mean
from tools.scores.finished_run import FinishedRun
from tools.scores.score_lines import Lines, peer_lines, peer_pairs


@dataclass(frozen=True)
class Estimate:
    """A metric in [0, 1] with its bootstrap interval; None: there were no draws."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class AlertRow:
    """One score on labelled anomalies; for the statistic `single` means over the members' metrics.

    Attributes:
        dataset: Name of the anomalies.
        score: Score key.
        statistic: Over the ensemble.
        n_in: Normal examples.
        n_out: Anomalies.
        ap: Average precision, anomalies positive.
        recall: {number of alerts: share of the anomalies among so many highest scores}.
    """

    dataset: str
    score: str
    statistic: str
    n_in: int
    n_out: int
    ap: Estimate
    recall: dict[int, Estimate]

    def precision(self, alerts: int) -> float:
        """Share of anomalies among the alerts; there are no more alerts than examples."""
        return self.recall[alerts].value * self.n_out / min(alerts, self.n_in + self.n_out)


def alert_rows(
    run: FinishedRun,
    lines: Mapping[str, Lines],
    alerts: Sequence[int],
    *,
    draws: int,
    seed: int,
) -> Iterator[AlertRow]:
    """The rows of all sets of labelled anomalies: members' scores first, then the others.

    Args:
        run: The run.
        lines: {test set: its scores}.
        alerts: Numbers of alerts; none: no rows.
        draws: Bootstrap draws for the intervals; 0: no intervals.
        seed: Root of the bootstrap's draws.
    """
    if not alerts:
        return
    options = {"draws": draws, "seed": seed}
    for dataset in run.anomalies:
        pair = (lines[name] for name in (run.in_distribution, dataset))
        yield from _rows(dataset, *pair, alerts, **options)
    for source, dataset in peer_pairs(run):
        if dataset in run.anomalies:
            files = run.peer_scores[source]
            pair = (peer_lines(files[name]) for name in (run.in_distribution, dataset))
            yield from _rows(dataset, *pair, alerts, **options)


def _rows(
    dataset: str, inside: Lines, outside: Lines, alerts: Sequence[int], *, draws: int, seed: int
) -> Iterator[AlertRow]:
    metrics = {count: partial(recall_of, alerts=count) for count in alerts}
    metrics |= {"ap": average_precision_of}
    whole = (np.concatenate(list(lines.values())) for lines in (inside, outside))
    drawn = metric_draws(*whole, metrics, draws=draws, seed=seed)  # [score line, draw]
    first = 0
    for (score, statistic), lines_in in inside.items():
        lines_out = outside[score, statistic]
        lines = slice(first, first + len(lines_in))
        first = lines.stop
        counts = [counts_of(*pair) for pair in zip(lines_in, lines_out, strict=True)]
        estimates = {
            name: Estimate(
                float(np.mean([metric(*pair) for pair in counts])),
                *(interval(mean(drawn[name][lines])) if draws else (None, None)),
            )
            for name, metric in metrics.items()
        }
        sizes = (lines_in.shape[1], lines_out.shape[1])
        yield AlertRow(dataset, score, statistic, *sizes, estimates.pop("ap"), estimates)
