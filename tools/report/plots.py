"""Plots as PNG bytes, drawn without pyplot: the same input gives the same bytes.

They are narrow, with large letters, so that a phone shows them at about their real size.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

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
# Told apart by colour-blind people too (Okabe and Ito), and without colours by dash and marker.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8a6d3b")
MOST_TICKS = 8  # numbers side by side that have room
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
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(lambda share, _: f"{100 * share:g} %")
        legend_below(figure)
    return png.getvalue()


def histograms(values: Mapping[str, np.ndarray], label: str) -> bytes:
    """A histogram per set, one below the other; the first one, in grey, is behind all of them.

    Args:
        values: {set: values [example]}, the in-distribution set first.
        label: What the values are, with their unit.
    """
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
            axes.set(yticks=[], ylim=(0, 1.05))
            axes.set_ylabel(name, rotation=0, ha="right", va="center")
            axes.spines["left"].set_visible(False)
            axes.tick_params(axis="x", length=3 if axes is rows[-1] else 0)
        rows[-1].set_xlabel(label)
    return png.getvalue()


def value_against_variance(
    values: Mapping[str, np.ndarray], variances: Mapping[str, np.ndarray], label: str
) -> bytes:
    """One member's value against the variance over members, a point per example.

    Args:
        values: {set: values [example]}, the in-distribution set first; its points lie on top.
        variances: {set: variances [example]}, not negative; 0 is drawn at the least positive one.
        label: What the values are, with their unit.
    """
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
                    linewidth=1,
                    label=f"member {member}" if axes is places[0] else None,
                )
            axes.set_title(quantity, loc="left", fontsize=9)
            axes.set_xlabel("step")
        for axes in places[len(quantities) :]:
            axes.set_axis_off()
        legend_below(figure)
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
    """Colour and dash of a line: 35 look different, five without colours."""
    return {"color": COLOURS[index % len(COLOURS)], "linestyle": _turned(DASHES, index)}


def point_look(index: int) -> dict[str, Any]:
    """Colour and marker of a set's points: 49 look different, seven without colours.

    Args:
        index: Of the set; 0: the in-distribution one, which looks like no other.
    """
    if not index:
        return {"color": IN_DISTRIBUTION_COLOUR, "marker": "o"}
    colour = COLOURS[(index - 1) % len(COLOURS)]
    return {"color": colour, "marker": _turned(MARKERS, index - 1)}


def _turned(kinds: Sequence[Any], index: int) -> Any:
    """The kind of dash or marker: of one colour another one with each round through the colours."""
    return kinds[(index + index // len(COLOURS)) % len(kinds)]


def legend_below(figure: Figure, markerscale: float = 2.5) -> list[Artist]:
    """Puts the legend under the plots, with markers so much larger; the handles in it."""
    legend = figure.legend(
        loc="outside lower center", ncols=2, fontsize=8.5, markerscale=markerscale
    )
    return [handle for handle in legend.legend_handles if handle is not None]


def spread_out(axes: Axes, numbers: np.ndarray, which: Literal["x", "y"] = "x") -> None:
    """If the axis must show -90 beside -3,000: linear about zero, logarithmic further out."""
    ticks = _round_numbers(numbers.min(), numbers.max())
    if len(ticks) >= 3:
        on_x = which == "x"
        (axes.set_xscale if on_x else axes.set_yscale)("asinh", linear_width=30)
        axis = axes.xaxis if on_x else axes.yaxis
        axis.set_major_locator(FixedLocator(ticks.tolist()))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(lambda number, _: f"{number:,.0f}".replace("-", "\N{MINUS SIGN}"))


def _round_numbers(low: float, high: float) -> np.ndarray:
    """Of 0, 10, 30, 100, 300 and so on, and -10, ..., those within; of too many every so manyth."""
    positive = np.outer(10.0 ** np.arange(1, 13), [1, 3]).ravel()
    for stride in (1, 2, 4, 8):
        kept = positive if stride == 1 else positive[2::stride]  # 10 would touch 0
        ticks = np.concatenate([-kept, [0], kept])
        ticks = ticks[(ticks >= low) & (ticks <= high)]
        if len(ticks) <= MOST_TICKS:
            break
    return ticks


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
