"""The detection table as text for people (aligned), as metrics.csv and as metrics.json."""

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, fields

from tools.scores.bootstrap import CONFIDENCE
from tools.scores.detection import DetectionRow, DetectionTable
from tools.scores.ensemble import STATISTICS, described

CSV_COLUMNS = tuple(field.name for field in fields(DetectionRow) if field.name != "spread")
METRIC_COLUMNS = ("ap", "ap_in", "fpr95", "fpr99")


def fixed(number: float) -> str:
    """A metric in fixed point, four digits after the point."""
    return f"{number:.4f}"


def interval_text(row: DetectionRow) -> str:
    """The AUROC's interval as [low, high]; empty where there is none."""
    if row.auroc_low is None or row.auroc_high is None:
        return ""
    return f"[{fixed(row.auroc_low)}, {fixed(row.auroc_high)}]"


def auroc_matrix(table: DetectionTable, score_key: str) -> dict[str, dict[str, DetectionRow]]:
    """{data set: {statistic: row}} of one score."""
    matrix: dict[str, dict[str, DetectionRow]] = {}
    for row in table.rows:
        if row.score == score_key:
            matrix.setdefault(row.dataset, {})[row.statistic] = row
    return matrix


def printed_table(table: DetectionTable) -> str:
    """One block per score key, then the AUROC matrix of the first one; ends with a newline."""
    blocks = [_score_block(table, key) for key in table.score_keys]
    return "\n".join([*blocks, _matrix_block(table, table.score_keys[0])])


def csv_text(table: DetectionTable) -> str:
    """The content of metrics.csv; a missing interval is an empty field."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for row in table.rows:
        writer.writerow(_csv_field(getattr(row, column)) for column in CSV_COLUMNS)
    return text.getvalue()


def json_value(table: DetectionTable) -> dict:
    """The content of metrics.json: the rows unrounded, and what the CSV file has no column for."""
    return {
        "train_dataset": table.run.in_distribution,
        "likelihood": table.run.manifest.get("likelihood"),
        "n_members": table.run.n_members,
        "ddof": table.ddof,
        "bootstrap": {"draws": table.draws, "confidence": CONFIDENCE, "seed": table.seed},
        "rows": [asdict(row) for row in table.rows],
        "flagged": [asdict(rule) for rule in table.flag_rules],
        "missing": dict(table.run.missing),
    }


def _csv_field(value: str | int | float | None) -> str:
    if value is None:
        return ""
    return f"{value:.6f}" if isinstance(value, float) else str(value)


def _score_block(table: DetectionTable, score_key: str) -> str:
    auroc = "auroc [low, high]" if table.draws else "auroc"
    lines = [("dataset", "statistic", "n_in", "n_out", auroc, *METRIC_COLUMNS)]
    for row in table.rows:
        if row.score == score_key:
            metrics = (fixed(getattr(row, column)) for column in METRIC_COLUMNS)
            estimate = f"{fixed(row.auroc)} {interval_text(row)}".strip()
            sizes = (str(row.n_in), str(row.n_out))
            lines.append((row.dataset, row.statistic, *sizes, estimate, *metrics))
    return f"{score_key} ({described(score_key)})\n{_aligned(lines, left_columns=2)}"


def _matrix_block(table: DetectionTable, score_key: str) -> str:
    lines = [("dataset", *STATISTICS)]
    for dataset, rows in auroc_matrix(table, score_key).items():
        lines.append((dataset, *(fixed(rows[statistic].auroc) for statistic in STATISTICS)))
    return f"AUROC of {score_key}\n{_aligned(lines, left_columns=1)}"


def _aligned(lines: Sequence[Sequence[str]], *, left_columns: int) -> str:
    """Columns padded to their widest cell: the first ones to the left, the rest to the right."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    padded = (
        "  ".join(
            cell.ljust(width) if index < left_columns else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    )
    return "".join(f"{line.rstrip()}\n" for line in padded)
