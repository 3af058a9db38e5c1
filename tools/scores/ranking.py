"""Ranks all scores of a run by their worst AUROC, with the cost of each."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np

from tools.scores.costs import seconds_per_1000
from tools.scores.detection import DetectionRow, DetectionTable

# Mirrored images are partly in-distribution, as the digits 0, 1 and 8: no score can reach 1.
FLIPS = ("hflip", "vflip")


@dataclass(frozen=True)
class RankedScore:
    """A score on all OoD sets.

    Attributes:
        score: Score key.
        statistic: Over the ensemble.
        rows: {column: row}; the columns of one run are its OoD sets.
        seconds: Per 1,000 examples and for all members; None: not measured.
    """

    score: str
    statistic: str
    rows: Mapping[Hashable, DetectionRow]
    seconds: float | None

    @property
    def worst(self) -> DetectionRow:
        """The row of the lowest AUROC, of those that count."""
        return min(self.counted, key=lambda row: row.auroc)

    @property
    def counted(self) -> Sequence[DetectionRow]:
        """The rows that count for the worst: the flips only where there is nothing else."""
        rows = [row for row in self.rows.values() if row.dataset not in FLIPS]
        return rows or list(self.rows.values())

    @property
    def mean(self) -> float:
        """Mean AUROC over all columns, flips too."""
        return float(np.mean([row.auroc for row in self.rows.values()]))


def ranking(
    rows: Iterable[DetectionRow],
    costs: Mapping[str, float],
    column: Callable[[DetectionRow], Hashable] = attrgetter("dataset"),
) -> list[RankedScore]:
    """All scores, the highest worst AUROC first; equal ones by their mean, then as they come.

    Args:
        rows: Rows of one or several runs with the same scores.
        costs: Seconds per 1,000 examples by pass; empty: not measured.
        column: The column of a row: the rows of a score have different ones.
    """
    groups: dict[tuple[str, str], dict[Hashable, DetectionRow]] = {}
    for row in rows:
        groups.setdefault((row.score, row.statistic), {})[column(row)] = row
    ranked = [
        RankedScore(*pair, of_sets, seconds_per_1000(pair[0], costs))
        for pair, of_sets in groups.items()
    ]
    return sorted(ranked, key=lambda score: (score.worst.auroc, score.mean), reverse=True)


def ranking_of(table: DetectionTable) -> list[RankedScore]:
    """All scores of one run."""
    return ranking(table.rows, table.run.manifest.costs)


def winner(scores: Sequence[RankedScore]) -> RankedScore:
    """The first of those that were tested on most sets: a score of one set is worst nowhere."""
    most = max(len(score.rows) for score in scores)
    return next(score for score in scores if len(score.rows) == most)
