"""Names of scores and texts of their AUROCs in tables, on cards and in print."""

from collections.abc import Sequence

from tools.report.blocks import Cell
from tools.report.text_lines import bracketed, fixed
from tools.scores.detection import DetectionRow
from tools.scores.ranking import RankedScore, winner
from tools.scores.score_lines import ENSEMBLE


def score_name(score: str, statistic: str) -> str:
    """Name of a row: the score, and the statistic if the score has several."""
    return score if statistic == ENSEMBLE else f"{score} {statistic}"


def seconds_text(score: RankedScore) -> str:
    """Seconds per 1,000 examples; empty where they were not measured."""
    return "" if score.seconds is None else f"{score.seconds:.1f}"


def interval_text(row: DetectionRow) -> str:
    """The AUROC's interval as [low, high]; empty where there is none."""
    return bracketed(row.auroc_low, row.auroc_high)


def verdict_line(scores: Sequence[RankedScore]) -> str:
    """Which score has the highest worst AUROC, as a line."""
    best = winner(scores)
    name, worst = score_name(best.score, best.statistic), best.worst
    estimate = f"{fixed(worst.auroc)} {interval_text(worst)}".rstrip()
    return (
        f"Highest worst AUROC, mirrored images not counted: {name}, {estimate} on {worst.dataset}"
    )


def tinted(row: DetectionRow, *, is_grey: bool = False) -> Cell:
    """An AUROC on blue, the deeper the nearer to 1, or on orange, the deeper the nearer to 0.

    Args:
        row: Its row.
        is_grey: Whether it counts for less; then it is grey, on no colour.
    """
    if is_grey:
        return Cell(fixed(row.auroc), is_grey=True)
    colour = "11 95 165" if row.auroc >= 0.5 else "213 94 0"
    strength = 0.45 * abs(2 * row.auroc - 1) ** 1.5
    return Cell(fixed(row.auroc), tint=f"rgb({colour} / {strength:.3f})")
