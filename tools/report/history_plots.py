"""Curves of detection over the training steps, and their table in the report."""

from collections.abc import Mapping, Sequence

import numpy as np

from tools.report.gallery import Plot
from tools.report.markup import Markup, element, heading, number_cell, table_of
from tools.report.plots import canvas, legend_below, line_look, point_look, spread_out
from tools.report.text_lines import fixed
from tools.scores.detection_history import HistoryRow
from tools.scores.ensemble_statistics import SCORE_KEYS

Series = Mapping[str, np.ndarray]  # {set: values by step}


def history_plots(rows: Sequence[HistoryRow]) -> list[Plot]:
    """A picture for each score of the members; none without rows."""
    return [_plot(key, rows) for key in dict.fromkeys(row.score for row in rows)]


def history_section(rows: Sequence[HistoryRow]) -> Markup:
    """AUROC of the first score by its first headline statistic: a line per set, a step per column.

    Args:
        rows: Not none.
    """
    key = rows[0].score
    statistic = SCORE_KEYS[key].headline_statistics[0]
    body = (
        element("tr", element("th", name, scope="row"), *(number_cell(fixed(a)) for a in aurocs))
        for name, aurocs in _aurocs(rows, key, statistic).items()
    )
    n = max(row.n for row in rows)
    caption = f"AUROC of {key} {statistic} by training step, of {n} examples of a set at most"
    heads = ("data set", *(f"{step:,}" for step in _steps(rows)))
    return table_of(caption, [heading(head) for head in heads], body, class_="matrix")


def _plot(key: str, rows: Sequence[HistoryRow]) -> Plot:
    statistic = SCORE_KEYS[key].headline_statistics[0]
    ends = ", ".join(
        f"{name} {fixed(aurocs[0])} to {fixed(aurocs[-1])}"
        for name, aurocs in _aurocs(rows, key, statistic).items()
    )
    return Plot(
        name=f"history_{key}",
        png=history_curves(key, rows),
        caption=f"{key} in the course of training. Sets whose AUROC falls while the normal images'"
        " score still improves are told apart worse by better models.",
        alt=f"{key} by training step. AUROC of its {statistic}, first and last step: {ends}.",
    )


def history_curves(key: str, rows: Sequence[HistoryRow]) -> bytes:
    """AUROC, mean score and variance over members against the step, a line per set.

    Args:
        key: The score.
        rows: Its rows, perhaps among others.
    """
    _, high_is_normal, statistics = SCORE_KEYS[key]
    sign = -1 if high_is_normal else 1  # back to the score's own direction
    means = {name: sign * values for name, values in _series(rows, key, "mean", "mean").items()}
    variances = _series(rows, key, "variance", "mean")
    steps, any_variance = _steps(rows), np.any(list(variances.values()))
    panels = {f"AUROC of {key} {name}": _aurocs(rows, key, name) for name in statistics}
    panels |= {f"{key}, mean over members and examples": means, "variance over members": variances}
    with canvas(height=1.6 + 1.6 * len(panels)) as (figure, png):
        places = figure.subplots(len(panels), sharex=True)
        for axes, (title, series) in zip(places, panels.items(), strict=True):
            for index, name in enumerate(means):
                if name in series:
                    # Named once: the legend is of the whole figure.
                    label = name if axes is places[-1] else None
                    look = (line_look(index - 1) if index else {}) | point_look(index)
                    axes.plot(steps, series[name], linewidth=1, markersize=3, label=label, **look)
            axes.set_title(title, loc="left", fontsize=9)
        spread_out(places[-2], np.concatenate(list(means.values())), "y")
        places[-1].set(xlabel="step", yscale="log" if any_variance else "linear")
        legend_below(figure, markerscale=1.5)
    return png.getvalue()


def _steps(rows: Sequence[HistoryRow]) -> list[int]:
    return sorted({row.step for row in rows})


def _aurocs(rows: Sequence[HistoryRow], key: str, statistic: str) -> Series:
    """Of the OoD sets."""
    series = _series(rows, key, statistic, "auroc")
    return {name: values for name, values in series.items() if values[0] is not None}


def _series(rows: Sequence[HistoryRow], key: str, statistic: str, column: str) -> Series:
    series: dict[str, list] = {}
    for row in rows:
        if (row.score, row.statistic) == (key, statistic):
            series.setdefault(row.dataset, []).append(getattr(row, column))
    return {name: np.array(values) for name, values in series.items()}
