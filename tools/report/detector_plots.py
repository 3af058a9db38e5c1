"""Plots of a detector's predictions: on a given figure, or shown at once for a notebook."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tools.scores.drift import FALSE_ALARMS

_LOG = logging.getLogger(__name__)


def plot_instance_score(
    preds: Mapping[str, Any],
    target: np.ndarray,
    labels: Sequence[str],
    threshold: float,
    ylim: tuple[float | None, float | None] = (None, None),
) -> None:
    """Shows `draw_instance_score` in a new figure."""
    from matplotlib import pyplot  # here: it chooses a window system

    draw_instance_score(pyplot.figure(), preds, target, labels, threshold, ylim)
    pyplot.show()


def plot_feature_outlier_image(  # noqa: PLR0913  the arguments that users of detectors know
    od_preds: Mapping[str, Any],
    X: np.ndarray,
    X_recon: np.ndarray | None = None,
    instance_ids: Sequence[int] | None = None,
    max_instances: int = 5,
    outliers_only: bool = False,
    n_channels: int = 3,
    figsize: tuple[float, float] = (20, 20),
) -> None:
    """Shows `draw_feature_outliers` in a new figure.

    Args:
        od_preds: What an OutlierVAE's predict returned, with feature scores.
        X: The images that it was given, [image, height, width, channel].
        X_recon: Their reconstructions, of the same shape; None: they are not shown.
        instance_ids: The rows of X to show; None: all.
        max_instances: At most so many are shown.
        outliers_only: Shows the flagged rows only; instance_ids, when given, win.
        n_channels: Score maps per image: 3, or 1 for the first channel only.
        figsize: Width and height of the figure in inches.
    """
    rows = shown_rows(od_preds, instance_ids, max_instances, outliers_only)
    if not len(rows):
        _LOG.warning("no instance is flagged as an outlier, so there is nothing to show")
        return
    from matplotlib import pyplot

    figure = pyplot.figure(figsize=figsize)
    draw_feature_outliers(figure, od_preds, X, X_recon, rows=rows.tolist(), n_channels=n_channels)
    pyplot.show()


def plot_change(wealth: Sequence[float]) -> None:
    """Shows `draw_change` in a new figure."""
    from matplotlib import pyplot

    draw_change(pyplot.figure(), wealth)
    pyplot.show()


def draw_change(figure: Figure, wealth: Sequence[float]) -> None:
    """Draws the evidence that a stream of rows has changed, and where it is an alarm.

    Args:
        figure: To draw on.
        wealth: What `ChangeWatch.update` returned, [row].
    """
    axes = figure.add_subplot()
    axes.semilogy(np.arange(len(wealth)), np.maximum(wealth, 1e-6))
    axes.axhline(1 / FALSE_ALARMS, color="C3", linestyle="--", label="alarm")
    axes.set(xlabel="row", ylabel="evidence of a change", title="Have the data changed?")
    axes.legend()


def draw_instance_score(
    figure: Figure,
    preds: Mapping[str, Any],
    target: np.ndarray,
    labels: Sequence[str],
    threshold: float,
    ylim: tuple[float | None, float | None] = (None, None),
) -> None:
    """Draws the instance scores against their row, a colour per target, and the threshold.

    Args:
        figure: To draw on.
        preds: What a detector's predict returned, with instance scores [row].
        target: Class of each row, int [row], an index of labels.
        labels: Names of the classes.
        threshold: Where the line is drawn.
        ylim: Limits of the score axis; None: from the data.

    Raises:
        ValueError: There are no instance scores, or target does not fit scores or labels.
    """
    scores, target = _scores(preds, "instance_score"), np.asarray(target)
    if target.shape != scores.shape or not np.isin(target, range(len(labels))).all():
        raise ValueError(f"target must hold one of 0..{len(labels) - 1} for each instance score")
    axes = figure.subplots()
    for index in np.unique(target).astype(int):
        (rows,) = np.nonzero(target == index)
        axes.scatter(rows, scores[rows], s=12, color=f"C{index}", label=labels[index])
    axes.axhline(threshold, color="#222222", label="threshold")
    axes.set(xlabel="number of the instance", ylabel="instance score", ylim=ylim)
    axes.legend(loc="upper left")


def draw_feature_outliers(
    figure: Figure,
    od_preds: Mapping[str, Any],
    images: np.ndarray,
    reconstructions: np.ndarray | None = None,
    *,
    rows: Sequence[int] | np.ndarray,
    n_channels: int = 3,
) -> None:
    """Draws a line per image: the image, its reconstruction if given, a score map per channel.

    Args:
        figure: To draw on.
        od_preds: What an OutlierVAE's predict returned, with feature scores.
        images: [image, height, width, channel] in [0, 1].
        reconstructions: Reconstructions of the same shape, or None.
        rows: The images to draw, not none.
        n_channels: Score maps: 3, or 1 for the first channel only.

    Raises:
        ValueError: There are no feature scores.
    """
    scores = _scores(od_preds, "feature_score")
    columns = [("original", images)]
    if reconstructions is not None:
        columns.append(("reconstruction", reconstructions))
    maps = 3 if n_channels == 3 and scores.shape[-1] >= 3 else 1
    columns += [(f"score of channel {channel}", scores[..., channel]) for channel in range(maps)]
    grid = figure.subplots(len(rows), len(columns), squeeze=False)
    for line, row in zip(grid, rows, strict=True):
        for axes, (_, values) in zip(line, columns, strict=True):
            _draw_picture(axes, values[row])
    for axes, (title, _) in zip(grid[0], columns, strict=True):
        axes.set_title(title)


def shown_rows(
    od_preds: Mapping[str, Any],
    instance_ids: Sequence[int] | None = None,
    max_instances: int = 5,
    outliers_only: bool = False,
) -> np.ndarray:
    """The rows to show, int [row], at most max_instances; see `plot_feature_outlier_image`."""
    flags = np.asarray(od_preds["data"]["is_outlier"])
    if instance_ids is not None:
        rows = np.asarray(instance_ids, int)
    elif outliers_only:
        rows = np.flatnonzero(flags.reshape(len(flags), -1).any(axis=1))
    else:
        rows = np.arange(len(flags))
    return rows[:max_instances]


def _draw_picture(axes: Axes, values: np.ndarray) -> None:
    """A picture in colours or greys, or a map [height, width], light where it is high."""
    if values.ndim == 2:
        axes.imshow(values)
    elif values.shape[-1] == 1:
        axes.imshow(values[..., 0], cmap="gray", vmin=0, vmax=1)
    else:
        axes.imshow(values.clip(0, 1))
    axes.set_axis_off()


def _scores(preds: Mapping[str, Any], key: str) -> np.ndarray:
    scores = preds["data"].get(key)
    if scores is None:
        raise ValueError(f"preds has no {key}; call predict with return_{key}=True")
    return np.asarray(scores)
