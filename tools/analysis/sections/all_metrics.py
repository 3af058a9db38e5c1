"""All rows of the analysis: metrics.csv, metrics.json, and the report's largest table."""

from collections.abc import Iterator
from dataclasses import asdict, fields

from tools.analysis.section import Section
from tools.report.blocks import Folded, Table, Text
from tools.report.score_words import interval_text
from tools.report.text_lines import csv_lines, fixed
from tools.scores.detection import DetectionRow, DetectionTable

CSV_COLUMNS = tuple(field.name for field in fields(DetectionRow) if field.name != "spread")
HEADS = ("data set", "score", "statistic", "n in", "n out", "AUROC", "interval", "spread")
METRICS = {"ap": "AP", "ap_in": "AP in", "fpr95": "FPR95", "fpr99": "FPR99"}
HOW_TO_READ = (
    "AUROC: share of pairs of an OoD and an in-distribution example that are put in the right"
    " order; 0.5 is chance. OoD is the positive class. AP and AP in: average precision with OoD,"
    " with in-distribution positive; both depend on n in and n out. FPR95, FPR99: share of OoD"
    " examples accepted where 95 %, 99 % of the in-distribution ones are. The statistic single"
    " is the mean over the members' metrics, and spread the standard deviation of their AUROCs."
)


def section(table: DetectionTable) -> Section:
    """A row per OoD set, score and statistic."""
    shown = Table(
        "A row per data set, score and statistic; a click on a heading sorts them",
        (*HEADS, *METRICS.values()),
        [[*_cells(row)] for row in table.rows],
        text_columns=3,
        is_sortable=True,
    )
    if not table.rows:
        return Section("All metrics", files={"metrics.csv": metrics_csv(table)})
    notes = [Text(HOW_TO_READ, is_note=True), Text(_intervals(table), is_note=True)]
    return Section(
        "All metrics",
        [Folded(f"All {len(table.rows)} rows, and how to read them", [*notes, shown])],
        files={"metrics.csv": metrics_csv(table)},
        entries={"rows": [asdict(row) for row in table.rows]},
    )


def metrics_csv(table: DetectionTable) -> str:
    """The content of metrics.csv; a missing interval is an empty field."""
    rows = ([getattr(row, column) for column in CSV_COLUMNS] for row in table.rows)
    return csv_lines(CSV_COLUMNS, rows)


def _cells(row: DetectionRow) -> Iterator[str]:
    yield from (row.dataset, row.score, row.statistic, str(row.n_in), str(row.n_out))
    yield from (fixed(row.auroc), interval_text(row))
    yield fixed(row.spread["auroc"]) if row.spread else ""
    yield from (fixed(getattr(row, metric)) for metric in METRICS)


def _intervals(table: DetectionTable) -> str:
    draws = table.options.draws
    if not draws:
        return "No intervals: the bootstrap had 0 draws."
    return (
        f"Intervals: 95 %, stratified bootstrap of {draws:,} draws over the examples, for this one"
        " ensemble. Near 0 and 1, where resamples hardly differ, the exact interval of a share of"
        " as many pairs as have no example in common is taken if it is wider."
    )
