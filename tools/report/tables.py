"""The detection table as text for people (aligned), as metrics.csv and as metrics.json."""

from collections.abc import Sequence
from dataclasses import asdict, fields

from tools.report.alert_table import alert_cells, alert_headings
from tools.report.pool_table import pool_block
from tools.report.text_lines import aligned, bracketed, csv_lines, fixed
from tools.scores.alerts import AlertRow
from tools.scores.bootstrap import CONFIDENCE
from tools.scores.detection import DetectionRow, DetectionTable
from tools.scores.published import published
from tools.scores.ranking import RankedScore, ranking_of, winner
from tools.scores.score_lines import ENSEMBLE

CSV_COLUMNS = tuple(field.name for field in fields(DetectionRow) if field.name != "spread")
METRIC_COLUMNS = ("ap", "ap_in", "fpr95", "fpr99")


def score_name(score: str, statistic: str) -> str:
    """What a row is called: the statistic goes without saying where there is one only."""
    return score if statistic == ENSEMBLE else f"{score} {statistic}"


def seconds_text(score: RankedScore) -> str:
    """Seconds per 1,000 examples; empty where they were not measured."""
    return "" if score.seconds is None else f"{score.seconds:.1f}"


def verdict(scores: Sequence[RankedScore]) -> str:
    """Which score has the highest worst AUROC, as a line."""
    best = winner(scores)
    name, worst = score_name(best.score, best.statistic), best.worst
    estimate = f"{fixed(worst.auroc)} {interval_text(worst)}".rstrip()
    return f"Highest worst AUROC, flips apart: {name}, {estimate} on {worst.dataset}"


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
    """The scores named before this run, alerts, and all scores' AUROCs, the best score first.

    It ends with a newline.
    """
    named = [row for row in table.rows if (row.score, row.statistic) in table.headlines]
    blocks = [_block(table, "Scores named before this run", named)]
    if table.alert_rows:
        blocks.append(_alert_block(table.alert_rows))
    if table.pool_rows:
        named = [row for row in table.pool_rows if (row.score, row.statistic) in table.headlines]
        blocks.append(pool_block(named))
    return "\n".join([*blocks, _ranking_block(table)])


def csv_text(table: DetectionTable) -> str:
    """The content of metrics.csv; a missing interval is an empty field."""
    rows = ([getattr(row, column) for column in CSV_COLUMNS] for row in table.rows)
    return csv_lines(CSV_COLUMNS, rows)


def json_value(table: DetectionTable) -> dict:
    """The content of metrics.json: the rows unrounded, and what the CSV file has no column for."""
    return {
        "train_dataset": table.run.in_distribution,
        "likelihood": table.run.manifest.likelihood,
        "n_members": table.run.n_members,
        "ddof": table.ddof,
        "bootstrap": {"draws": table.draws, "confidence": CONFIDENCE, "seed": table.seed},
        "rows": [asdict(row) for row in table.rows],
        "alerts": [asdict(row) for row in table.alert_rows],
        "flagged": [asdict(rule) for rule in table.flag_rules],
        "missing": dict(table.run.missing),
    }


def _block(table: DetectionTable, title: str, rows: Sequence[DetectionRow]) -> str:
    auroc = "auroc [low, high]" if table.draws else "auroc"
    lines = [("dataset", "score", "n_in", "n_out", auroc, *METRIC_COLUMNS)]
    for row in rows:
        metrics = (fixed(getattr(row, column)) for column in METRIC_COLUMNS)
        estimate = f"{fixed(row.auroc)} {interval_text(row)}".strip()
        name = score_name(row.score, row.statistic)
        lines.append((row.dataset, name, str(row.n_in), str(row.n_out), estimate, *metrics))
    return f"{title}\n{aligned(lines, left_columns=2)}"


def _alert_block(rows: Sequence[AlertRow]) -> str:
    lines = [("dataset", "score", "statistic", *alert_headings(rows))]
    lines += [(row.dataset, row.score, row.statistic, *alert_cells(row)) for row in rows]
    return f"Alerts: the highest scores of all test examples\n{aligned(lines, left_columns=3)}"


def _ranking_block(table: DetectionTable) -> str:
    datasets = table.run.out_of_distribution
    lines = [("AUROC", "worst", "mean", "s/1000", *datasets)]
    for score in ranking_of(table):
        aurocs = (fixed(score.rows[name].auroc) if name in score.rows else "" for name in datasets)
        name = score_name(score.score, score.statistic)
        summary = (fixed(score.worst.auroc), fixed(score.mean), seconds_text(score))
        lines.append((name, *summary, *aurocs))
    for method, _, aurocs in published(table.run.in_distribution, datasets):
        found = (f"{aurocs[name]:.3f}" if name in aurocs else "" for name in datasets)
        lines.append((f"published: {method}", "", "", "", *found))
    return f"{verdict(ranking_of(table))}\n{aligned(lines, left_columns=1)}"
