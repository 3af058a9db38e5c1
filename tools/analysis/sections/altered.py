"""What becomes of a score when the test images are corrupted or perturbed, level by level."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import isfinite

import numpy as np

from tools.analysis.section import Section
from tools.report.blocks import Block, Gallery, Plot, Table
from tools.report.plots import COLOURS, canvas
from tools.report.score_words import score_name
from tools.report.text_lines import fixed, rows_csv
from tools.run.manifest import RESAMPLING
from tools.scores.detection import DetectionTable
from tools.scores.finished_run import FinishedRun
from tools.scores.metrics import auroc
from tools.scores.score_lines import Lines, score_lines

BAND = (0.05, 0.95)  # quantiles
COLUMNS = 3  # small plots beside each other


@dataclass(frozen=True)
class AlteredRow:
    """One score of the images at one level, fields in the order of altered.csv.

    Scores are higher = more anomalous.

    Attributes:
        group: corruption or perturbation.
        kind: Name of the corruption or perturbation.
        level: Severity 1 to 5, or step 0 to 30.
        score: Score key.
        statistic: Over the ensemble.
        n: Images.
        auroc: Altered images against all test images, the altered ones positive.
        mean: Mean score of the images.
        low: Their 5 % quantile.
        high: Their 95 % quantile.
        threshold: 5 % of unaltered images to come have a higher score at most; infinite: the
            calibration examples are too few for one.
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


def section(table: DetectionTable) -> Section:
    """AUROC by severity, where perturbations cross the threshold, and curves of the first score."""
    inside = table.lines[table.run.in_distribution]
    ddof = table.options.ddof
    rows = list(altered_rows(table.run, inside, table.thresholds, table.headlines, ddof))
    if not rows:
        return Section("Altered images", files={"altered.csv": ""})
    return Section("Altered images", altered_blocks(rows), files={"altered.csv": rows_csv(rows)})


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
        thresholds: {(score, statistic): threshold} of the headlines.
        headlines: (score key, statistic) of the scores that are looked at, one number per example.
        ddof: Divisor of the variance over M members is M - ddof.
    """
    keys = tuple(dict.fromkeys(key for key, _ in headlines))
    for name, alteration in run.altered.items():
        if alteration.group == RESAMPLING:
            continue
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


def altered_blocks(rows: Sequence[AlteredRow]) -> list[Block]:
    """A table and curves for corruptions and for perturbations, of those that there are."""
    blocks: list[Block] = []
    if corruptions := [row for row in rows if row.group == "corruption"]:
        curves = _curves(corruptions, "corruption", "severity")
        blocks += [_corruption_table(corruptions), Gallery([curves])]
    if perturbations := [row for row in rows if row.group == "perturbation"]:
        curves = _curves(perturbations, "perturbation", "step")
        blocks += [_perturbation_table(perturbations), Gallery([curves])]
    return blocks


def _corruption_table(rows: Sequence[AlteredRow]) -> Table:
    severities = sorted({row.level for row in rows})
    body = []
    for (kind, *score), part in by_kind(rows).items():
        aurocs = {row.level: fixed(row.auroc) for row in part}
        cells = (aurocs.get(severity, "") for severity in severities)
        body.append([kind, score_name(*score), *cells])
    heads = ("corruption", "score", *(f"severity {severity}" for severity in severities))
    caption = "AUROC of corrupted test images against all test images"
    return Table(caption, heads, body, text_columns=2, is_sortable=True)


def _perturbation_table(rows: Sequence[AlteredRow]) -> Table:
    body = []
    for (kind, *score), part in by_kind(rows).items():
        step = crossing(part)
        crossed = "never" if step is None else f"{step:.1f}"
        body.append([kind, score_name(*score), crossed, fixed(part[-1].auroc)])
        body[-1].append(fixed(part[-1].flagged))
    last = max(row.level for row in rows)
    heads = ("perturbation", "score", "step", f"AUROC, step {last}", f"flagged, step {last}")
    caption = "The step at which the mean score crosses the threshold that 5 % of normal images do"
    return Table(caption, heads, body, text_columns=2, is_sortable=True)


def _curves(rows: Sequence[AlteredRow], group: str, level: str) -> Plot:
    """The first score of the rows, which are of one group."""
    first = rows[0].score, rows[0].statistic
    name = score_name(*first)
    kinds = {kind: part for (kind, *score), part in by_kind(rows).items() if tuple(score) == first}
    numbers = ", ".join(f"{kind} {fixed(part[-1].auroc)}" for kind, part in kinds.items())
    return Plot(
        name=f"{group}s_{name}".replace(" ", "_"),
        png=altered_curves(kinds, level, name),
        caption=f"{name} of test images under each {group}, by {level}: the mean and, as a band,"
        " its 5 to 95 % quantiles. The broken line is the threshold that promises at most"
        " 5 % false alarms.",
        alt=f"{name} by {level}. AUROC at the last one: {numbers}.",
    )


def altered_curves(kinds: Mapping[str, Sequence[AlteredRow]], level: str, score: str) -> bytes:
    """A small plot for each kind: mean, band and threshold over the levels.

    Args:
        kinds: {kind: rows by level}.
        level: Word for a level: severity or step.
        score: Name of the score that is drawn.
    """
    n_rows = -(-len(kinds) // COLUMNS)
    with canvas(height=0.7 + 1.3 * n_rows) as (figure, png):
        places = np.ravel(figure.subplots(n_rows, COLUMNS, sharex=True, sharey=True, squeeze=False))
        for axes, (kind, rows) in zip(places, kinds.items(), strict=False):
            levels = [row.level for row in rows]
            low, high = [row.low for row in rows], [row.high for row in rows]
            axes.fill_between(levels, low, high, color=COLOURS[0], alpha=0.2, linewidth=0)
            axes.plot(levels, [row.mean for row in rows], color=COLOURS[0])
            if isfinite(rows[0].threshold):
                axes.axhline(rows[0].threshold, color=COLOURS[1], linestyle="--", linewidth=1)
            axes.set_title(kind, loc="left", fontsize=8)
        for axes in places[len(kinds) :]:
            axes.set_axis_off()
        figure.supxlabel(level, fontsize=9)
        figure.supylabel(score, fontsize=9)
    return png.getvalue()


def crossing(rows: Sequence[AlteredRow]) -> float | None:
    """The level at which the mean score first exceeds the threshold; None: it never does.

    Args:
        rows: Rows of one kind and score, by level; between two levels the mean is taken for a line.
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


def by_kind(rows: Sequence[AlteredRow]) -> dict[tuple[str, str, str], list[AlteredRow]]:
    """Rows of one group by (kind, score, statistic), in the order of their level."""

    def name(row: AlteredRow) -> tuple[str, str, str]:
        return row.kind, row.score, row.statistic

    ordered = sorted(rows, key=lambda row: (*name(row), row.level))
    return {key: list(group) for key, group in groupby(ordered, key=name)}
