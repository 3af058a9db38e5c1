"""What becomes of a score when the test images are corrupted or perturbed, level by level."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from tools.run.manifest import Alteration
from tools.scores.finished_run import FinishedRun
from tools.scores.metrics import auroc
from tools.scores.score_lines import Lines, score_lines

BAND = (0.05, 0.95)  # quantiles


@dataclass(frozen=True)
class AlteredRow:
    """One score of the images at one level, fields in the order of altered.csv.

    Scores are higher = more anomalous.

    Attributes:
        group: corruption or perturbation.
        kind: Which one.
        level: Severity 1 to 5, or step 0 to 30.
        score: Score key.
        statistic: Over the ensemble.
        n: Images.
        auroc: Altered images against all test images, the altered ones positive.
        mean: Of the score over the images.
        low: Their 5 % quantile.
        high: Their 95 % quantile.
        threshold: 95 % of the calibration split have no higher score.
        flagged: Share of the images above it.
    """

    group: str
    kind: str
    level: int
    score: str
    statistic: str
    n: int
    auroc: float
    mean: float
    low: float
    high: float
    threshold: float
    flagged: float


def altered_rows(
    run: FinishedRun,
    inside: Lines,
    thresholds: Mapping[tuple[str, str], float],
    headlines: Sequence[tuple[str, str]],
    ddof: int = 0,
) -> Iterator[AlteredRow]:
    """Rows of the altered sets, in their order, for each of the scores.

    Args:
        run: The run; without altered sets there are no rows.
        inside: The scores of the in-distribution test set.
        thresholds: Of the headlines.
        headlines: (score key, statistic) of the scores that are looked at, one number per example.
        ddof: Of the variance over members.
    """
    keys = tuple(dict.fromkeys(key for key, _ in headlines))
    for name, alteration in run.altered.items():
        lines = score_lines(run, name, keys, ddof)
        for pair in headlines:
            scores, threshold = lines[pair][0], thresholds[pair]
            low, high = np.quantile(scores, BAND)
            yield AlteredRow(
                alteration.group,
                alteration.kind,
                alteration.level,
                *pair,
                n=len(scores),
                auroc=auroc(inside[pair][0], scores),
                mean=float(scores.mean()),
                low=float(low),
                high=float(high),
                threshold=threshold,
                flagged=float(np.mean(scores > threshold)),
            )


def strongest(altered: Mapping[str, Alteration]) -> dict[str, list[str]]:
    """{group: names of the sets at the last level of their kind}, of sets by name."""
    last: dict[tuple[str, str], str] = {}
    for name, alteration in altered.items():
        kind = alteration.group, alteration.kind
        if kind not in last or alteration.level > altered[last[kind]].level:
            last[kind] = name
    groups: dict[str, list[str]] = {}
    for (group, _), name in last.items():
        groups.setdefault(group, []).append(name)
    return groups


def crossing(rows: Sequence[AlteredRow]) -> float | None:
    """The level at which the mean score first exceeds the threshold; None: it never does.

    Args:
        rows: Of one kind and score, by level; between two levels the mean is taken for a line.
    """
    gaps = [row.mean - row.threshold for row in rows]
    for index, gap in enumerate(gaps):
        if gap <= 0:
            continue
        if index == 0:
            return float(rows[0].level)
        before, level = gaps[index - 1], rows[index - 1].level
        return level + (rows[index].level - level) * before / (before - gap)
    return None


def by_kind(rows: Sequence[AlteredRow]) -> dict[tuple[str, str, str, str], list[AlteredRow]]:
    """{(group, kind, score, statistic): rows by level}."""

    def name(row: AlteredRow) -> tuple[str, str, str, str]:
        return row.group, row.kind, row.score, row.statistic

    ordered = sorted(rows, key=lambda row: (*name(row), row.level))
    return {key: list(group) for key, group in groupby(ordered, key=name)}
