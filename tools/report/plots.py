"""Plots as PNG bytes, drawn without pyplot: the same input gives the same bytes.

They are narrow, with large letters, so that a phone shows them at about their real size.
"""

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal, TypeVar

import matplotlib
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator
from sklearn.metrics import roc_curve

from tools.run.training_history import NO_QUANTITIES

WIDTH, DPI = 4.8, 170  # inches, dots per inch
STYLE = matplotlib.RcParams(
    {
        "axes.axisbelow": True,
        "axes.edgecolor": "#777777",
        "axes.grid": True,
        "axes.labelcolor": "#333333",
        "axes.spines.right": False,
        "axes.spines.top": False,
        "font.family": "DejaVu Sans",
        "font.size": 9,
        "grid.color": "#e4e4e4",
        "grid.linewidth": 0.6,
        "legend.frameon": False,
        "xtick.color": "#555555",
        "ytick.color": "#555555",
    }
)
# The first seven are told apart by colour-blind people too (Okabe and Ito), the next five are
# darker or paler; without colours, dashes and markers tell lines and points apart.
COLOURS = (
    *("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8a6d3b"),
    *("#17365c", "#7a2e00", "#6f2f5c", "#b8b000", "#7a6fd0"),
)
Look = TypeVar("Look")  # a dash or a marker
TAIL = 0.005  # share of a set's values at each end that may lie beyond an axis
MOST_TICKS = 7  # numbers side by side that have room
LINEAR_WIDTH = 30  # up to this distance from zero an axis that is spread out is linear
DASHES = ("-", "--", ":", "-.", (0, (5, 1, 1, 1, 1, 1)))
MARKERS = ("^", "s", "D", "v", "P", "X", "*")  # "o" is the in-distribution set's
IN_DISTRIBUTION_COLOUR = "#222222"


def roc_curves(
    scores_in: np.ndarray, scores_out: Mapping[str, np.ndarray], aurocs: Mapping[str, float]
) -> bytes:
    """One ROC curve per OoD set; the x axis is logarithmic, for the few false alarms that matter.

    Args:
        scores_in: In-distribution scores [example], higher = more anomalous.
        scores_out: {OoD set: scores [example]}.
        aurocs: {OoD set: AUROC}, for the legend.
    """
    with canvas(height=5.4) as (figure, png):
        axes = figure.subplots()
        least = min(1 / len(scores_in), 0.1)
        for index, (name, scores) in enumerate(scores_out.items()):
            is_ood = np.repeat([0, 1], [len(scores_in), len(scores)])
            false_alarms, found, _ = roc_curve(is_ood, np.concatenate([scores_in, scores]))
            axes.plot(
                np.maximum(false_alarms, least),
                found,
                **line_look(index),
                label=f"{name}  {aurocs[name]:.3f}",
            )
        chance = np.geomspace(least, 1, 200)
        axes.plot(chance, chance, color="#999999", linewidth=0.8, label="chance  0.500")
        axes.set(xscale="log", xlim=(least, 1), ylim=(0, 1.02))
        axes.set_xlabel("flagged in-distribution examples, logarithmic")
        axes.set_ylabel("flagged OoD examples")
        in_percent(axes)
        legend_below(figure)
    return png.getvalue()


def in_percent(axes: Axes) -> None:
    """Writes the shares on both axes as percentages, at the major ticks only."""
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda share, _: f"{100 * share:g} %")
        axis.set_minor_formatter("")


def histograms(
    values: Mapping[str, np.ndarray], label: str, threshold: float | None = None
) -> bytes:
    """A histogram per set, one below the other; the first one, in grey, is behind all of them.

    Values beyond the axis, see `robust_range`, are counted in its first and last bin.

    Args:
        values: {set: values [example]}, the in-distribution set first.
        label: What the values are, with their unit.
        threshold: Where a broken line is drawn through all of them; None: no line.
    """
    low, high = robust_range(values.values())
    values = {name: numbers.clip(low, high) for name, numbers in values.items()}
    reference, *_ = values.values()
    together = np.concatenate(list(values.values()))
    with canvas(height=0.6 + 0.4 * len(values)) as (figure, png):
        rows = np.ravel(figure.subplots(len(values), sharex=True))
        spread_out(rows[-1], together)
        edges = _equal_bins(rows[-1], together)
        for index, (axes, (name, numbers)) in enumerate(zip(rows, values.items(), strict=True)):
            _filled_histogram(axes, reference, edges, "#c4c4c4")
            if index:
                _filled_histogram(axes, numbers, edges, COLOURS[(index - 1) % len(COLOURS)])
            if threshold is not None and low <= threshold <= high:
                axes.axvline(threshold, color=IN_DISTRIBUTION_COLOUR, linestyle="--", linewidth=1)
            axes.set(yticks=[], ylim=(0, 1.05))
            axes.set_ylabel(name, rotation=0, ha="right", va="center")
            axes.spines["left"].set_visible(False)
            axes.tick_params(axis="x", length=3 if axes is rows[-1] else 0)
        rows[-1].set_xlabel(label)
    return png.getvalue()


def robust_range(values: Iterable[np.ndarray]) -> tuple[float, float]:
    """Least and largest value of the sets, each without its outermost TAIL at both ends.

    One outlier would press all others into a line. Of few examples all lie within.
    """
    ends = [np.quantile(numbers, [TAIL, 1 - TAIL], method="nearest") for numbers in values]
    return float(min(low for low, _ in ends)), float(max(high for _, high in ends))


def value_against_variance(
    values: Mapping[str, np.ndarray], variances: Mapping[str, np.ndarray], label: str
) -> bytes:
    """One member's value against the variance over members, a point per example.

    Values beyond the axis, see `robust_range`, are drawn at its end.

    Args:
        values: {set: values [example]}, the in-distribution set first; its points lie on top.
        variances: {set: variances [example]}, not negative; 0 is drawn at the least positive one.
        label: What the values are, with their unit.
    """
    low, high = robust_range(values.values())
    values = {name: numbers.clip(low, high) for name, numbers in values.items()}
    together = np.concatenate(list(variances.values()))
    least = together[together > 0].min(initial=1)
    with canvas(height=5.4) as (figure, png):
        axes = figure.subplots()
        for index, name in enumerate(values):
            axes.scatter(
                values[name],
                np.maximum(variances[name], least),
                s=9,
                alpha=0.5,
                linewidths=0,
                zorder=3 if index else 4,
                label=name,
                **point_look(index),
            )
        spread_out(axes, np.concatenate(list(values.values())))
        axes.set(yscale="log", xlabel=label, ylabel="variance over members, logarithmic")
        for handle in legend_below(figure):
            handle.set_alpha(1)
    return png.getvalue()


def training_history(histories: Mapping[int, Sequence[Mapping[str, float]]]) -> bytes:
    """Each recorded quantity over the steps, a line per member.

    Args:
        histories: By member its records {"step": ..., quantity: value}, oldest first, not none.
    """
    records = next(iter(histories.values()))
    quantities = [name for name in records[0] if name not in NO_QUANTITIES]
    n_rows = -(-len(quantities) // 2)
    with canvas(height=0.6 + 1.9 * n_rows) as (figure, png):
        places = np.ravel(figure.subplots(n_rows, 2, squeeze=False))
        for axes, quantity in zip(places, quantities, strict=False):
            for member, records in histories.items():
                axes.plot(
                    [record["step"] for record in records],
                    [record[quantity] for record in records],
                    **line_look(member),
                    marker="o" if len(records) == 1 else None,  # a line of one point is not seen
                    linewidth=1,
                    label=f"member {member}" if axes is places[0] else None,
                )
            axes.set_title(quantity, loc="left", fontsize=9)
            axes.set_xlabel("step")
        for axes in places[len(quantities) :]:
            axes.set_axis_off()
        legend_below(figure, markerscale=1)
    return png.getvalue()


@contextmanager
def canvas(height: float) -> Iterator[tuple[Figure, io.BytesIO]]:
    """A figure to draw on; its PNG is in the buffer when the block ends."""
    png = io.BytesIO()
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, height), dpi=DPI, layout="constrained")
        yield figure, png
        figure.savefig(png, format="png", metadata={"Software": None})


def line_look(index: int) -> dict[str, Any]:
    """Colour and dash of a line: 60 look different, five without colours."""
    return {"color": COLOURS[index % len(COLOURS)], "linestyle": _turned(DASHES, index)}


def point_look(index: int) -> dict[str, Any]:
    """Colour and marker of a set's points: 84 look different, seven without colours.

    Args:
        index: Number of the set; 0 is the in-distribution one, which looks like no other.
    """
    if not index:
        return {"color": IN_DISTRIBUTION_COLOUR, "marker": "o"}
    colour = COLOURS[(index - 1) % len(COLOURS)]
    return {"color": colour, "marker": _turned(MARKERS, index - 1)}


def _turned(kinds: Sequence[Look], index: int) -> Look:
    """Dash or marker for this index; shifts by one each time the colours repeat."""
    return kinds[(index + index // len(COLOURS)) % len(kinds)]


def legend_below(figure: Figure, markerscale: float = 2.5) -> list[Artist]:
    """Puts the legend under the plots, with markers so much larger; the handles in it."""
    legend = figure.legend(
        loc="outside lower center", ncols=2, fontsize=8.5, markerscale=markerscale
    )
    return [handle for handle in legend.legend_handles if handle is not None]


def spread_out(axes: Axes, numbers: np.ndarray, which: Literal["x", "y"] = "x") -> None:
    """If the axis must show -90 beside -3,000: linear about zero, logarithmic further out."""
    low, high = float(numbers.min()), float(numbers.max())
    ticks = _round_numbers(low, high)
    if len(ticks) < 3:
        axes.locator_params(axis=which, nbins=MOST_TICKS - 1)
    else:
        on_x = which == "x"
        (axes.set_xscale if on_x else axes.set_yscale)("asinh", linear_width=LINEAR_WIDTH)
        axis = axes.xaxis if on_x else axes.yaxis
        axis.set_major_locator(FixedLocator(ticks))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(lambda number, _: f"{number:,.0f}".replace("-", "\N{MINUS SIGN}"))


def _round_numbers(low: float, high: float) -> list[float]:
    """Ticks 0, 10, 30, 100, 300, ... and their negatives, within the limits and without overlap.

    Neighbours keep a distance of a seventh of the asinh axis. 0 has priority, then large numbers.
    """
    positive = np.outer(10.0 ** np.arange(1, 13), [1, 3]).ravel()
    candidates = np.concatenate([[0], np.stack([-positive, positive]).T.ravel()[::-1]])
    places = np.arcsinh(candidates / LINEAR_WIDTH)
    room = (np.arcsinh(high / LINEAR_WIDTH) - np.arcsinh(low / LINEAR_WIDTH)) / MOST_TICKS
    kept: list[int] = []
    for index, number in enumerate(candidates):
        has_room = all(abs(places[index] - places[other]) >= room for other in kept)
        if low <= number <= high and has_room:
            kept.append(index)
    return sorted(candidates[kept].tolist())


def _equal_bins(axes: Axes, numbers: np.ndarray, bins: int = 90) -> np.ndarray:
    """Edges of bins that look equally wide on the x axis and hold all the numbers."""
    low, high = numbers.min(), numbers.max()
    if low == high:
        low, high = low - 0.5, high + 0.5
    transform = axes.xaxis.get_transform()
    first, last = transform.transform(np.array([low, high]))
    edges = transform.inverted().transform(np.linspace(first, last, bins + 1))
    edges[[0, -1]] = low, high  # there and back may lose the last digit
    return edges


def _filled_histogram(axes: Axes, numbers: np.ndarray, edges: np.ndarray, colour: str) -> None:
    """A histogram whose highest bin is 1."""
    counts, _ = np.histogram(numbers, edges)
    axes.stairs(counts / max(counts.max(), 1), edges, fill=True, color=colour, alpha=0.75)
