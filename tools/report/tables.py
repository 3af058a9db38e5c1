"""The detection table as text for people (aligned), as metrics.csv and as metrics.json."""

from collections.abc import Sequence
from dataclasses import asdict, fields

from tools.report.alert_table import alert_cells, alert_headings
from tools.report.lines import aligned, bracketed, csv_lines, fixed
from tools.scores.alerts import AlertRow
from tools.scores.bootstrap import CONFIDENCE
from tools.scores.detection import DetectionRow, DetectionTable
from tools.scores.ensemble import STATISTICS, described
from tools.scores.lines import ENSEMBLE

CSV_COLUMNS = tuple(field.name for field in fields(DetectionRow) if field.name != "spread")
METRIC_COLUMNS = ("ap", "ap_in", "fpr95", "fpr99")


def interval_text(row: DetectionRow) -> str:
    """The AUROC's interval as [low, high]; empty where there is none."""
    return bracketed(row.auroc_low, row.auroc_high)


def auroc_matrix(table: DetectionTable, score_key: str) -> dict[str, dict[str, DetectionRow]]:
    """{data set: {statistic: row}} of one score."""
    matrix: dict[str, dict[str, DetectionRow]] = {}
    for row in table.rows:
        if row.score == score_key:
            matrix.setdefault(row.dataset, {})[row.statistic] = row
    return matrix


def printed_table(table: DetectionTable) -> str:
    """One block per score key, the other scores, alerts, and the AUROC matrix of the first key.

    It ends with a newline.
    """
    blocks = [
        _block(table, f"{key} ({described(key)})", [r for r in table.member_rows if r.score == key])
        for key in table.score_keys
    ]
    if table.ensemble_rows:
        blocks.append(_block(table, "One number per example", table.ensemble_rows))
    if table.alert_rows:
        blocks.append(_alert_block(table.alert_rows))
    return "\n".join([*blocks, _matrix_block(table, table.score_keys[0])])


def csv_text(table: DetectionTable) -> str:
    """The content of metrics.csv; a missing interval is an empty field."""
    rows = ([getattr(row, column) for column in CSV_COLUMNS] for row in table.rows)
    return csv_lines(CSV_COLUMNS, rows)


def json_value(table: DetectionTable) -> dict:
    """The content of metrics.json: the rows unrounded, and what the CSV file has no column for."""
    return {
        "train_dataset": table.run.in_distribution,
        "likelihood": table.run.manifest.get("likelihood"),
        "n_members": table.run.n_members,
        "ddof": table.ddof,
        "bootstrap": {"draws": table.draws, "confidence": CONFIDENCE, "seed": table.seed},
        "rows": [asdict(row) for row in table.rows],
        "alerts": [asdict(row) for row in table.alert_rows],
        "flagged": [asdict(rule) for rule in table.flag_rules],
        "missing": dict(table.run.missing),
    }


def _block(table: DetectionTable, title: str, rows: Sequence[DetectionRow]) -> str:
    """Rows under a title; scores are named where they are not those of members."""
    auroc = "auroc [low, high]" if table.draws else "auroc"
    lines = [("dataset", "statistic", "n_in", "n_out", auroc, *METRIC_COLUMNS)]
    for row in rows:
        metrics = (fixed(getattr(row, column)) for column in METRIC_COLUMNS)
        estimate = f"{fixed(row.auroc)} {interval_text(row)}".strip()
        name = row.score if row.statistic == ENSEMBLE else row.statistic
        lines.append((row.dataset, name, str(row.n_in), str(row.n_out), estimate, *metrics))
    return f"{title}\n{aligned(lines, left_columns=2)}"


def _alert_block(rows: Sequence[AlertRow]) -> str:
    lines = [("dataset", "score", "statistic", *alert_headings(rows))]
    lines += [(row.dataset, row.score, row.statistic, *alert_cells(row)) for row in rows]
    return f"Alerts: the highest scores of all test examples\n{aligned(lines, left_columns=3)}"


def _matrix_block(table: DetectionTable, score_key: str) -> str:
    lines = [("dataset", *STATISTICS)]
    for dataset, rows in auroc_matrix(table, score_key).items():
        lines.append((dataset, *(fixed(rows[statistic].auroc) for statistic in STATISTICS)))
    return f"AUROC of {score_key}\n{aligned(lines, left_columns=1)}"
