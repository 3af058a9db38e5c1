"""The table of alerts, cell by cell: for print, for the report, and as alerts.csv."""

from collections.abc import Sequence

from tools.report.text_lines import bracketed, csv_lines, fixed
from tools.scores.alerts import AlertRow, Estimate

_NAMES = ("dataset", "score", "statistic", "n_in", "n_out", "ap", "ap_low", "ap_high")


def alert_headings(rows: Sequence[AlertRow]) -> list[str]:
    """What stands above `alert_cells`."""
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
    columns = list(_NAMES)
    for count in rows[0].recall:
        columns += [f"recall_{count}{end}" for end in ("", "_low", "_high")]
        columns += [f"precision_{count}"]
    return csv_lines(columns, map(_csv_row, rows))


def _csv_row(row: AlertRow) -> list[str | int | float | None]:
    cells = [getattr(row, name) for name in _NAMES[:5]] + [row.ap.value, row.ap.low, row.ap.high]
    for count, recall in row.recall.items():
        cells += [recall.value, recall.low, recall.high, row.precision(count)]
    return cells


def _text(estimate: Estimate) -> str:
    return f"{fixed(estimate.value)} {bracketed(estimate.low, estimate.high)}".strip()
