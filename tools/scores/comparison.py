"""Scores compared on the same examples: differences of AUROC with paired intervals, best floors."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tools.data.images.image_datasets import IMAGE_DATASETS
from tools.data.images.image_registry import DERIVED
from tools.scores.detection import DetectionRow, DetectionTable
from tools.scores.finished_run import FinishedRun
from tools.scores.floors import FLOOR_WORDS
from tools.scores.intervals import difference_interval
from tools.scores.ranking import RankedScore, winner
from tools.scores.score_lines import ENSEMBLE
from tools.scores.score_registry import FITTED_SCORES


@dataclass(frozen=True)
class Difference:
    """AUROC of one score minus that of another on the same examples, with its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def is_shown(self) -> bool:
        """Whether the interval leaves 0 out: the examples can tell the two apart."""
        return self.low > 0 or self.high < 0


def difference(
    table: DetectionTable, first: DetectionRow, second: DetectionRow
) -> Difference | None:
    """The difference of two rows of one OoD set; None: no draws, or scores of other examples."""
    rows = (first, second)
    names = [(row.dataset, row.score, row.statistic) for row in rows]
    if not all(name in table.draws for name in names):
        return None
    aurocs = (first.auroc, second.auroc)
    draws = np.stack([table.draws[name] for name in names])
    ends = difference_interval(aurocs, draws, min(first.n_in, first.n_out))
    return Difference(first.auroc - second.auroc, *ends)


def had_part_in_choice(run: FinishedRun, row: DetectionRow) -> bool:
    """Whether figures of such a run on this set had a part in choosing the row's score."""
    if row.score not in FITTED_SCORES:
        return False
    is_known = row.dataset in (*IMAGE_DATASETS, *DERIVED, *run.anomalies)
    return is_known and run.in_distribution in FITTED_SCORES[row.score].chosen_on


def is_floor(row: DetectionRow) -> bool:
    """Whether the row is of a simple detector, without a generative model."""
    return row.statistic == ENSEMBLE and row.score in FLOOR_WORDS


@dataclass(frozen=True)
class Gain:
    """What a score of the ensemble adds to a simple detector on one set.

    Attributes:
        row: The score's row.
        floor: The simple detector's row.
        difference: AUROC of the score minus that of the detector; None: no intervals.
    """

    row: DetectionRow
    floor: DetectionRow
    difference: Difference | None

    @property
    def value(self) -> float:
        """The difference of the two AUROCs."""
        return self.row.auroc - self.floor.auroc

    @property
    def sign(self) -> int:
        """1: the score is better than the floor, -1: worse, 0: the examples do not show either."""
        if self.difference is not None and not self.difference.is_shown:
            return 0
        return int(np.sign(self.value))


def gains(table: DetectionTable) -> Iterator[Gain]:
    """What the first of the scores named before the run adds to each floor on each set."""
    for row in table.rows:
        if (row.score, row.statistic) != table.headlines[0]:
            continue
        for floor in table.rows:
            if floor.dataset == row.dataset and is_floor(floor):
                found = difference(table, row, floor)
                if found or not table.draws:
                    yield Gain(row, floor, found)


def best_floors(found: Iterable[Gain]) -> list[Gain]:
    """The gain on each set over the floor with the highest AUROC on this very set."""
    best: dict[str, Gain] = {}
    for gain in found:
        name = gain.row.dataset
        if name not in best or gain.floor.auroc > best[name].floor.auroc:
            best[name] = gain
    return list(best.values())


def ties_with_first(table: DetectionTable, ranked: Sequence[RankedScore]) -> set[tuple[str, str]]:
    """(score, statistic) of those whose worst AUROC cannot be told from that of the first.

    The interval of the difference of the two lowest AUROCs, over the same resampled examples,
    holds 0. Scores without draws are left out.
    """
    first = winner(ranked)
    resampled = _worst_draws(table, first)
    ties = set()
    for score in ranked:
        own = _worst_draws(table, score)
        if resampled is None or own is None or len(score.rows) < len(first.rows):
            continue
        pairs = min(min(row.n_in, row.n_out) for row in score.rows.values())
        aurocs = (first.worst.auroc, score.worst.auroc)
        low, _ = difference_interval(aurocs, np.stack([resampled, own]), pairs)
        if low <= 0:
            ties.add((score.score, score.statistic))
    return ties


def _worst_draws(table: DetectionTable, score: RankedScore) -> np.ndarray | None:
    """The lowest AUROC over the sets of each draw [draw]; None: there are no draws."""
    names = [(row.dataset, row.score, row.statistic) for row in score.counted]
    if not all(name in table.draws for name in names):
        return None
    return np.min([table.draws[name] for name in names], axis=0)
