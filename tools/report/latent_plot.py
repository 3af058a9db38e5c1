"""The picture of the posterior means of member 0: where each set lies among the normal images."""

import numpy as np

from tools.report.gallery import Plot
from tools.report.plots import canvas, point_look
from tools.scores.finished_run import FinishedRun
from tools.scores.latents import Projection, projection, read_latents

COLUMNS = 3  # of small plots beside each other


def latent_plots(run: FinishedRun) -> list[Plot]:
    """The picture of a run that has saved posterior means; none without.

    Raises:
        InputError: A file is damaged.
    """
    projected = projection(read_latents(run), run.in_distribution)
    if projected is None:
        return []
    centres = {name: np.linalg.norm(p.mean(axis=0)) for name, p in projected.points.items()}
    distances = ", ".join(f"{name} {distance:.2f}" for name, distance in centres.items())
    return [
        Plot(
            name="latent_space",
            png=latent_space(projected),
            caption="Posterior means of member 0 along the two principal components of those of"
            f" {run.in_distribution} (grey). A set that lies in the grey is coded as if it were"
            " normal: only its likelihood can give it away.",
            alt=f"Posterior means of member 0 by set. Distance of the means: {distances}.",
        )
    ]


def latent_space(projected: Projection) -> bytes:
    """A small plot for each set, over the points of the in-distribution one."""
    (_, normal), *others = projected.points.items()
    n_rows = max(1, -(-len(others) // COLUMNS))
    with canvas(height=0.6 + 1.6 * n_rows) as (figure, png):
        places = np.ravel(figure.subplots(n_rows, COLUMNS, sharex=True, sharey=True, squeeze=False))
        for axes in places[len(others) :]:
            axes.set_axis_off()
        for index, (axes, (name, points)) in enumerate(zip(places, others, strict=False), 1):
            axes.scatter(*normal.T, s=4, color="#b0b0b0", linewidths=0)
            axes.scatter(*points.T, s=9, alpha=0.6, linewidths=0, **point_look(index))
            axes.set_title(name, loc="left", fontsize=8)
        first, second = (f"{100 * share:.0f} % of the variance" for share in projected.explained)
        figure.supxlabel(f"first component, {first}", fontsize=9)
        figure.supylabel(f"second component, {second}", fontsize=9)
    return png.getvalue()
