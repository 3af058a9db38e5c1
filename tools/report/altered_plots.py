"""Curves of a score over corrupted and perturbed images, and their table in the report."""

from collections.abc import Sequence

import numpy as np

from tools.report.gallery import Plot
from tools.report.markup import Markup, element, joined, number_cell, sortable_table
from tools.report.plots import COLOURS, canvas
from tools.report.tables import score_name
from tools.report.text_lines import fixed
from tools.scores.altered_scores import AlteredRow, by_kind, crossing

COLUMNS = 3  # of small plots beside each other


def altered_plots(rows: Sequence[AlteredRow]) -> list[Plot]:
    """A plot for corruptions and one for perturbations, of the first score; none without rows."""
    plots = []
    for group, level in (("corruption", "severity"), ("perturbation", "step")):
        of_group = [row for row in rows if row.group == group]
        if not of_group:
            continue
        name = score_name(of_group[0].score, of_group[0].statistic)
        first = [r for r in of_group if score_name(r.score, r.statistic) == name]
        kinds = {kind: part for (_, kind, *_), part in by_kind(first).items()}
        numbers = ", ".join(f"{kind} {fixed(part[-1].auroc)}" for kind, part in kinds.items())
        plots.append(
            Plot(
                name=f"{group}s_{name}".replace(" ", "_"),
                png=curves(kinds, level, name),
                caption=f"{name} of test images under each {group}, by {level}: the mean and, as a"
                " band, its 5 to 95 % quantiles. The broken line is the threshold that 95 % of the"
                " calibration images do not exceed.",
                alt=f"{name} by {level}. AUROC at the last one: {numbers}.",
            )
        )
    return plots


def curves(kinds: dict[str, list[AlteredRow]], level: str, score: str) -> bytes:
    """A small plot for each kind: mean, band and threshold over the levels.

    Args:
        kinds: {kind: rows by level}.
        level: What the levels are called.
        score: What is drawn.
    """
    n_rows = -(-len(kinds) // COLUMNS)
    with canvas(height=0.7 + 1.3 * n_rows) as (figure, png):
        places = np.ravel(figure.subplots(n_rows, COLUMNS, sharex=True, sharey=True, squeeze=False))
        for axes, (kind, rows) in zip(places, kinds.items(), strict=False):
            levels = [row.level for row in rows]
            low, high = [row.low for row in rows], [row.high for row in rows]
            axes.fill_between(levels, low, high, color=COLOURS[0], alpha=0.2, linewidth=0)
            axes.plot(levels, [row.mean for row in rows], color=COLOURS[0])
            axes.axhline(rows[0].threshold, color=COLOURS[1], linestyle="--", linewidth=1)
            axes.set_title(kind, loc="left", fontsize=8)
        for axes in places[len(kinds) :]:
            axes.set_axis_off()
        figure.supxlabel(level, fontsize=9)
        figure.supylabel(score, fontsize=9)
    return png.getvalue()


def altered_section(rows: Sequence[AlteredRow]) -> Markup:
    """AUROC by severity, and where the perturbations cross the threshold."""
    groups = (("corruption", _corruption_table), ("perturbation", _perturbation_table))
    parts = ((table, [row for row in rows if row.group == group]) for group, table in groups)
    return joined(*(table(part) for table, part in parts if part))


def _corruption_table(rows: Sequence[AlteredRow]) -> Markup:
    severities = sorted({row.level for row in rows})
    body = []
    for (_, kind, *score), part in by_kind(rows).items():
        aurocs = {row.level: fixed(row.auroc) for row in part}
        cells = (aurocs.get(severity, "") for severity in severities)
        body.append(_line(kind, score_name(*score), *cells))
    heads = ("corruption", "score", *(f"severity {severity}" for severity in severities))
    caption = "AUROC of corrupted test images against all test images"
    return sortable_table(caption, heads, body)


def _perturbation_table(rows: Sequence[AlteredRow]) -> Markup:
    body = []
    for (_, kind, *score), part in by_kind(rows).items():
        step = crossing(part)
        crossed = "never" if step is None else f"{step:.1f}"
        cells = (crossed, fixed(part[-1].auroc), fixed(part[-1].flagged))
        body.append(_line(kind, score_name(*score), *cells))
    last = max(row.level for row in rows)
    heads = ("perturbation", "score", "step", f"AUROC, step {last}", f"flagged, step {last}")
    caption = "The step at which the mean score crosses the threshold that 5 % of normal images do"
    return sortable_table(caption, heads, body)


def _line(kind: str, score: str, *cells: str) -> Markup:
    head = element("th", kind, scope="row")
    return element("tr", head, element("td", score), *map(number_cell, cells))
