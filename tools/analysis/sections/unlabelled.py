"""A run without out-of-distribution sets: the most anomalous rows, and how many are flagged."""

from dataclasses import asdict, dataclass

import numpy as np

from tools.analysis.section import Section
from tools.report.blocks import Card, Cards, Gallery, Plot, Table
from tools.report.plots import histograms
from tools.report.score_words import score_name
from tools.report.text_lines import aligned, rows_csv
from tools.scores.conformal import FALSE_ALARMS, p_values, smallest_p_value, threshold_at
from tools.scores.detection import DetectionTable
from tools.scores.example_names import read_example_names

RATES = (0.001, 0.01, 0.02, 0.05, 0.1)  # of false alarms
SHOWN, PRINTED, WRITTEN = 25, 10, 1000  # of the most anomalous rows


@dataclass(frozen=True)
class AnomalousRow:
    """A row of the data: its number in the file, score (higher = more anomalous), p-value."""

    row: int
    score: float
    p_value: float


@dataclass(frozen=True)
class FlaggedCount:
    """How many rows have a p-value of at most `rate`; None: no calibration rows suffice for it."""

    rate: float
    flagged: int | None


def section(table: DetectionTable) -> Section:
    """The headline score of all rows, against the calibration split."""
    inside, pair = table.run.in_distribution, table.headlines[0]
    scores, calibration = table.lines[inside][pair][0], table.calibration_scores
    found = p_values(scores, calibration)
    rows = most_anomalous(table.run.scores[inside].ids, scores, found)
    counts = flagged_counts(found, len(calibration))
    name = score_name(*pair)
    files = read_example_names(table.run, inside)
    labels = [files[row.row].path if row.row in files else f"{row.row:,}" for row in rows]
    cells = [
        (label, f"{row.score:.4g}", f"{row.p_value:.2g}")
        for label, row in zip(labels, rows, strict=True)
    ]
    first = "file" if files else "row (the first is 0)"
    heads = (first, f"{name}, higher = more anomalous", "p-value")
    rates = [(f"{count.rate:.1%}", _words(count, len(scores))) for count in counts]
    printed = aligned([("rate", "flagged"), *rates], left_columns=1)
    top = aligned([(first, name, "p-value"), *cells[:PRINTED]], left_columns=bool(files))
    return Section(
        "Most anomalous rows",
        [
            Cards([_card(name, count, len(scores)) for count in counts if count.flagged][:2]),
            Table("Rows flagged at a rate of false alarms", ("rate", "flagged"), rates),
            Table("The most anomalous rows", heads, cells[:SHOWN], text_columns=bool(files)),
            Gallery([_plot(name, scores, calibration)]),
        ],
        text=f"No labels, so no AUROC. {len(scores):,} rows by {name}\n{printed}\n"
        f"The most anomalous {'images' if files else 'rows'}\n{top}",
        files={"most_anomalous.csv": rows_csv(rows)},
        entries={"flagged_rows": [asdict(count) for count in counts]},
    )


def most_anomalous(
    ids: np.ndarray, scores: np.ndarray, found: np.ndarray, count: int = WRITTEN
) -> list[AnomalousRow]:
    """The rows with the highest scores, highest first."""
    order = np.argsort(-scores, kind="stable")[:count]
    return [
        AnomalousRow(*values)
        for values in zip(
            ids[order].tolist(), scores[order].tolist(), found[order].tolist(), strict=True
        )
    ]


def flagged_counts(found: np.ndarray, n_calibration: int) -> list[FlaggedCount]:
    """Rows with a p-value of at most each of RATES."""
    least = smallest_p_value(n_calibration)
    return [
        FlaggedCount(rate, int((found <= rate).sum()) if least <= rate else None) for rate in RATES
    ]


def _words(count: FlaggedCount, total: int) -> str:
    if count.flagged is None:
        return "too few calibration rows"
    return f"{count.flagged:,} ({count.flagged / total:.2%})"


def _card(name: str, count: FlaggedCount, total: int) -> Card:
    words = f"of {total:,} rows are flagged where at most {count.rate:.1%} false alarms are wanted."
    return Card(name, f"{count.flagged:,}", words)


def _plot(name: str, scores: np.ndarray, calibration: np.ndarray) -> Plot:
    threshold = threshold_at(calibration, FALSE_ALARMS)
    return Plot(
        name="histogram_rows",
        png=histograms(
            {"calibration": calibration, "all rows": scores},
            f"{name}, higher = more anomalous",
            threshold,
        ),
        caption=f"Histograms of {name}; the calibration rows are grey. The broken line is the"
        " threshold that promises at most 5 % false alarms. A set's outermost 0.5 % of values may"
        " lie beyond the axis, in its first and last bin.",
        alt=f"Histograms of {name}. Median {np.median(scores):.4g}, highest {scores.max():.4g}.",
    )
