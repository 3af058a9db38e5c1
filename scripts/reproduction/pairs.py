"""One matrix of AUROCs over several runs: rows are scores, columns pairs of data sets."""

from collections.abc import Sequence

from tools.report.score_words import score_name, seconds_text, verdict_line
from tools.report.text_lines import aligned, csv_lines, fixed
from tools.scores.detection import DetectionRow
from tools.scores.ranking import RankedScore, winner

NOISE = "_noise"  # such sets have no column in the printed matrix: all good scores reach 1
Pair = tuple[str, str]  # training set, test set


def pair_of(row: DetectionRow) -> Pair:
    """Column to which a row belongs."""
    return row.train_dataset, row.dataset


def printed_pairs(scores: Sequence[RankedScore]) -> str:
    """The matrix as text; ends with a newline.

    Args:
        scores: With their rows by pair of training and test set.
    """
    pairs = [pair for pair in _all_pairs(scores) if not pair[1].endswith(NOISE)]
    lines = [("trained on", "", "", *(train for train, _ in pairs))]
    lines.append(("tested on", "worst", "s/1000", *(test for _, test in pairs)))
    for score in scores:
        aurocs = (fixed(score.rows[pair].auroc) if pair in score.rows else "" for pair in pairs)
        name = score_name(score.score, score.statistic)
        lines.append((name, fixed(score.worst.auroc), seconds_text(score), *aurocs))
    trained = winner(scores).worst.train_dataset
    return f"{verdict_line(scores)}, trained on {trained}\n{aligned(lines, left_columns=1)}"


def pairs_csv(scores: Sequence[RankedScore]) -> str:
    """A line per score; a column for each pair, noise too, named TRAINING_SET/TEST_SET."""
    pairs = _all_pairs(scores)
    columns = ("score", "statistic", "worst", *map("/".join, pairs))
    lines = (
        (
            score.score,
            score.statistic,
            score.worst.auroc,
            *(score.rows[pair].auroc if pair in score.rows else None for pair in pairs),
        )
        for score in scores
    )
    return csv_lines(columns, lines)


def _all_pairs(scores: Sequence[RankedScore]) -> list[Pair]:
    return list(dict.fromkeys(pair for score in scores for pair in score.rows))
