"""Curves of what flags are worth: precision over recall, and false alarms kept to what is said."""

from collections.abc import Mapping

import numpy as np
from sklearn.metrics import precision_recall_curve

from tools.report.plots import IN_DISTRIBUTION_COLOUR, canvas, in_percent, legend_below, line_look


def precision_recall_curves(scores_in: np.ndarray, scores_out: Mapping[str, np.ndarray]) -> bytes:
    """One precision-recall curve per OoD set, each against all in-distribution examples.

    Args:
        scores_in: In-distribution scores [example], higher = more anomalous.
        scores_out: {OoD set: scores [example]}.
    """
    with canvas(height=5.0) as (figure, png):
        axes = figure.subplots()
        for index, (name, scores) in enumerate(scores_out.items()):
            is_ood = np.repeat([0, 1], [len(scores_in), len(scores)])
            precision, recall, _ = precision_recall_curve(is_ood, [*scores_in, *scores])
            axes.plot(recall, precision, **line_look(index), label=name, drawstyle="steps-post")
        axes.set(xlim=(0, 1), ylim=(0, 1.02))
        axes.set_xlabel("recall: share of the OoD examples that is flagged")
        axes.set_ylabel("precision: share of OoD examples in what is flagged")
        legend_below(figure)
    return png.getvalue()


def kept_promises(p_values: np.ndarray, name: str) -> bytes:
    """Share of in-distribution examples that is flagged, over the share that was promised.

    Args:
        p_values: p-values of in-distribution test examples [example].
        name: Name of their set.
    """
    ordered = np.sort(p_values)
    least = max(1 / len(ordered), ordered[0] / 2)
    promised = np.geomspace(min(least, 0.1), 1, 200)
    flagged = np.searchsorted(ordered, promised, side="right") / len(ordered)
    with canvas(height=4.2) as (figure, png):
        axes = figure.subplots()
        axes.plot(promised, promised, color="#999999", linewidth=0.8, label="as promised")
        axes.plot(promised, flagged, color=IN_DISTRIBUTION_COLOUR, label=name)
        axes.set(xscale="log", xlim=(promised[0], 1), ylim=(0, 1.1))
        axes.set_yscale("symlog", linthresh=promised[0])
        axes.set_xlabel("promised share of false alarms, logarithmic")
        axes.set_ylabel("flagged in-distribution examples")
        in_percent(axes)
        legend_below(figure)
    return png.getvalue()
