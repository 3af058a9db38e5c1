"""All scores beside each other, the highest worst AUROC first, with costs and published figures."""

from tools.analysis.section import Section
from tools.report.blocks import Block, Cell, Folded, Pairs, Table
from tools.report.score_words import score_name, seconds_text, tinted, verdict_line
from tools.report.text_lines import aligned, fixed
from tools.scores.detection import DetectionTable
from tools.scores.published import published
from tools.scores.ranking import ranking_of
from tools.scores.score_registry import FITTED_SCORES


def section(table: DetectionTable) -> Section:
    """A row per score; in the report the fitted ones are explained below."""
    return Section("Scores", [_ranking(table), *_meanings(table)], text=ranking_text(table))


def _ranking(table: DetectionTable) -> Table:
    datasets = table.run.out_of_distribution
    rows: list[list[str | Cell]] = [
        [
            score_name(score.score, score.statistic),
            fixed(score.worst.auroc),
            fixed(score.mean),
            seconds_text(score),
            *(tinted(score.rows[name]) if name in score.rows else "" for name in datasets),
        ]
        for score in ranking_of(table)
    ]
    for method, source, aurocs in published(table.run.in_distribution, datasets):
        cells = (f"{aurocs[name]:.3f}" if name in aurocs else "" for name in datasets)
        rows.append([f"published: {method} ({source})", "", "", "", *cells])
    return Table(
        "AUROC of all scores, the highest worst one first; the flips do not count for the worst."
        " Seconds are those of all members' passes over 1,000 examples, measured in this run.",
        ("score", "worst", "mean", "s per 1,000", *datasets),
        rows,
        is_sortable=True,
    )


def _meanings(table: DetectionTable) -> list[Block]:
    """Explains the fitted scores; all are higher = more anomalous."""
    fitted = {key: FITTED_SCORES[key].meaning for key in table.score_keys if key in FITTED_SCORES}
    if not fitted:
        return []
    return [Folded("What each score means", [Pairs("Scores fitted on calibration", fitted)])]


def ranking_text(table: DetectionTable) -> str:
    """The ranking as aligned text, below a line on the score with the highest worst AUROC."""
    datasets, ranked = table.run.out_of_distribution, ranking_of(table)
    lines = [("AUROC", "worst", "mean", "s/1000", *datasets)]
    for score in ranked:
        cells = [fixed(score.rows[name].auroc) if name in score.rows else "" for name in datasets]
        summary = (fixed(score.worst.auroc), fixed(score.mean), seconds_text(score))
        lines.append((score_name(score.score, score.statistic), *summary, *cells))
    for method, _, aurocs in published(table.run.in_distribution, datasets):
        cells = [f"{aurocs[name]:.3f}" if name in aurocs else "" for name in datasets]
        lines.append((f"published: {method}", "", "", "", *cells))
    return f"{verdict_line(ranked)}\n{aligned(lines, left_columns=1)}"
