"""Recall and precision on labelled anomalies at a given number of alerts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial

import numpy as np

from tools.analysis.section import Section
from tools.report.blocks import Table
from tools.report.text_lines import aligned, bracketed, csv_lines, fixed
from tools.scores.bootstrap import Metric, interval, metric_draws
from tools.scores.counts import average_precision_of, counts_of, recall_of
from tools.scores.detection import DetectionTable
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


def section(table: DetectionTable) -> Section:
    """All scores of labelled anomalies, at each of the numbers of alerts that were asked for."""
    options = table.options
    rows = list(
        alert_rows(table.run, table.lines, options.alerts, draws=options.draws, seed=options.seed)
    )
    entries = {"alerts": [asdict(row) for row in rows]}
    if not rows:
        return Section("Alerts", files={"alerts.csv": ""}, entries=entries)
    columns = alert_columns(rows)
    cells = [(row.dataset, row.score, row.statistic, *alert_cells(row)) for row in rows]
    shown = Table(
        "Recall and precision when the highest scores of all test examples are looked into",
        ("data set", "score", "statistic", *columns),
        cells,
        text_columns=3,
        is_sortable=True,
    )
    lines = aligned([("dataset", "score", "statistic", *columns), *cells], left_columns=3)
    return Section(
        "Alerts",
        [shown],
        text=f"Alerts: the highest scores of all test examples\n{lines}",
        files={"alerts.csv": alerts_csv(rows)},
        entries=entries,
    )


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
    for dataset in run.anomalies:
        inside, outside = lines[run.in_distribution], lines[dataset]
        yield from _rows(dataset, inside, outside, alerts, draws=draws, seed=seed)
    for source, dataset in peer_pairs(run):
        if dataset in run.anomalies:
            files = run.peer_scores[source]
            inside, outside = (peer_lines(files[name]) for name in (run.in_distribution, dataset))
            yield from _rows(dataset, inside, outside, alerts, draws=draws, seed=seed)


def _rows(
    dataset: str, inside: Lines, outside: Lines, alerts: Sequence[int], *, draws: int, seed: int
) -> Iterator[AlertRow]:
    metrics: dict[str, Metric] = {"ap": average_precision_of}
    metrics |= {str(count): partial(recall_of, alerts=count) for count in alerts}
    all_in, all_out = (np.concatenate(list(lines.values())) for lines in (inside, outside))
    drawn = metric_draws(all_in, all_out, metrics, draws=draws, seed=seed)  # [score line, draw]
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
        yield AlertRow(
            dataset,
            score,
            statistic,
            n_in=lines_in.shape[1],
            n_out=lines_out.shape[1],
            ap=estimates["ap"],
            recall={count: estimates[str(count)] for count in alerts},
        )


def alert_columns(rows: Sequence[AlertRow]) -> list[str]:
    """Headings of `alert_cells`."""
    headings = ["AP [low, high]"]
    for count in rows[0].recall:
        headings += [f"recall at {count:,} [low, high]", f"precision at {count:,}"]
    return headings


def alert_cells(row: AlertRow) -> list[str]:
    """Average precision, and recall and precision at each number of alerts."""
    cells = [_text(row.ap)]
    for count, recall in row.recall.items():
        cells += [_text(recall), fixed(row.precision(count))]
    return cells


def alerts_csv(rows: Sequence[AlertRow]) -> str:
    """The content of alerts.csv; a missing interval is an empty field."""
    columns = ["dataset", "score", "statistic", "n_in", "n_out", "ap", "ap_low", "ap_high"]
    for count in rows[0].recall:
        columns += [f"recall_{count}{end}" for end in ("", "_low", "_high")]
        columns += [f"precision_{count}"]
    return csv_lines(columns, map(_csv_row, rows))


def _csv_row(row: AlertRow) -> list[str | int | float | None]:
    cells: list[str | int | float | None] = [row.dataset, row.score, row.statistic]
    cells += [row.n_in, row.n_out, row.ap.value, row.ap.low, row.ap.high]
    for count, recall in row.recall.items():
        cells += [recall.value, recall.low, recall.high, row.precision(count)]
    return cells


def _text(estimate: Estimate) -> str:
    return f"{fixed(estimate.value)} {bracketed(estimate.low, estimate.high)}".strip()
