"""All scores beside each other, the highest worst AUROC first, with costs and published figures."""

from collections.abc import Collection, Sequence

from tools.analysis.section import Section
from tools.report.blocks import Block, Cell, Folded, Pairs, Table
from tools.report.score_words import score_name, seconds_text, tinted, verdict_line
from tools.report.text_lines import aligned, fixed
from tools.scores.comparison import had_part_in_choice, ties_with_first
from tools.scores.detection import DetectionRow, DetectionTable
from tools.scores.published import published
from tools.scores.ranking import RankedScore, ranking_of
from tools.scores.score_registry import FITTED_SCORES

TIES = "~: cannot be told from the first by these examples (95 %, paired)."
Ties = Collection[tuple[str, str]]  # score and statistic of those that TIES marks


def section(table: DetectionTable) -> Section:
    """A row per score; in the report the fitted ones are explained below."""
    ranked = ranking_of(table)
    ties = ties_with_first(table, ranked)
    blocks = [_ranking(table, ranked, ties), *_meanings(table)]
    return Section("Scores", blocks, text=_ranking_text(table, ranked, ties))


def _ranking(table: DetectionTable, ranked: Sequence[RankedScore], ties: Ties) -> Table:
    datasets = table.run.out_of_distribution
    rows: list[list[str | Cell]] = [
        [
            _name(score),
            _worst(score, ties),
            fixed(score.mean),
            seconds_text(score),
            *(_cell(table, score.rows.get(name)) for name in datasets),
        ]
        for score in ranked
    ]
    for method, source, aurocs, note in published(table.run.in_distribution, datasets):
        cells = (f"{aurocs[name]:.3f}" if name in aurocs else "" for name in datasets)
        name = f"published: {method} ({source})"
        rows.append([Cell(name, note=note) if note else name, "", "", "", *cells])
    return Table(
        "AUROC of all scores, the highest worst one first; the flips do not count for the worst."
        f" {TIES} Grey: such figures had a part in choosing the score, and are optimistic."
        " Seconds are those of all members' passes over 1,000 examples, measured in this run.",
        ("score", "worst", "mean", "s per 1,000", *datasets),
        rows,
        is_sortable=True,
    )


def _name(score: RankedScore) -> Cell | str:
    """The score's name, and below it the data whose figures had a part in choosing it."""
    name = score_name(score.score, score.statistic)
    chosen = _chosen_on(score.score)
    return Cell(name, note=chosen) if chosen else name


def _chosen_on(key: str) -> str:
    sources = FITTED_SCORES[key].chosen_on if key in FITTED_SCORES else ()
    return f"chosen by figures on {', '.join(sources)}" if sources else ""


def _cell(table: DetectionTable, row: DetectionRow | None) -> Cell | str:
    return tinted(row, is_grey=had_part_in_choice(table.run, row)) if row else ""


def _worst(score: RankedScore, ties: Ties) -> str:
    """The lowest AUROC, marked where it cannot be told from that of the first score."""
    return f"{'~ ' * ((score.score, score.statistic) in ties)}{fixed(score.worst.auroc)}"


def _meanings(table: DetectionTable) -> list[Block]:
    """Explains the fitted scores; all are higher = more anomalous."""
    fitted = {key: _meaning(key) for key in table.score_keys if key in FITTED_SCORES}
    if not fitted:
        return []
    return [Folded("What each score means", [Pairs("Scores fitted on calibration", fitted)])]


def _meaning(key: str) -> str:
    chosen = _chosen_on(key)
    return f"{FITTED_SCORES[key].meaning}{f' ({chosen})' if chosen else ''}"


def _ranking_text(table: DetectionTable, ranked: Sequence[RankedScore], ties: Ties) -> str:
    """The ranking as aligned text, below a line on the score with the highest worst AUROC."""
    datasets = table.run.out_of_distribution
    lines = [("AUROC", "worst", "mean", "s/1000", *datasets)]
    for score in ranked:
        cells = [fixed(score.rows[name].auroc) if name in score.rows else "" for name in datasets]
        summary = (_worst(score, ties), fixed(score.mean), seconds_text(score))
        lines.append((score_name(score.score, score.statistic), *summary, *cells))
    for method, _, aurocs, _ in published(table.run.in_distribution, datasets):
        cells = [f"{aurocs[name]:.3f}" if name in aurocs else "" for name in datasets]
        lines.append((f"published: {method}", "", "", "", *cells))
    note = f"{TIES}\n" if ties else ""
    return f"{verdict_line(ranked)}\n{note}{aligned(lines, left_columns=1)}"
