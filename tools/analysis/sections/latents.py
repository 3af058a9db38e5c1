"""Where the sets lie among the posterior means of a member: two directions of the normal images."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from sklearn.decomposition import PCA

from tools.analysis.section import Section
from tools.report.blocks import Gallery, Plot
from tools.report.plots import canvas, point_look
from tools.scores.altered_scores import strongest
from tools.scores.detection import DetectionTable
from tools.scores.finished_run import FinishedRun
from tools.scores.metrics import refuse_unusable
from tools.scores.score_files import read_scores

COLUMNS = 3  # small plots beside each other
GROUP_SIZE = 500  # examples that stand for all kinds of a group of altered sets
GROUP_NAMES = {"corruption": "corrupted, last level", "perturbation": "perturbed, last level"}


class Projection(NamedTuple):
    """Posterior means along the two principal components of the in-distribution test set's.

    Attributes:
        points: {set: [example, 2]}, the in-distribution test set first.
        explained: Shares of that set's variance that lie along the two.
    """

    points: dict[str, np.ndarray]
    explained: tuple[float, float]


def section(table: DetectionTable) -> Section:
    """The picture of a run that has saved posterior means.

    Raises:
        InputError: A file is damaged.
    """
    inside = table.run.in_distribution
    projected = projection(read_latents(table.run), inside)
    if projected is None:
        return Section("Latent space")
    centres = {name: np.linalg.norm(p.mean(axis=0)) for name, p in projected.points.items()}
    distances = ", ".join(f"{name} {distance:.2f}" for name, distance in centres.items())
    plot = Plot(
        name="latent_space",
        png=latent_space(projected),
        caption="Posterior means of member 0 along the two principal components of those of"
        f" {inside} (grey). A set that lies in the grey is coded as if it were normal: only its"
        " likelihood can give it away.",
        alt=f"Posterior means of member 0 by set. Distance of the means: {distances}.",
    )
    return Section("Latent space", [Gallery([plot])])


def read_latents(run: FinishedRun) -> dict[str, np.ndarray]:
    """Posterior means {set: [example, latent]} of the sets that have any, in the tables' order.

    The altered images come last, of each group those at the last level of every kind.

    Raises:
        InputError: A file is damaged, or a number is NaN.
    """
    found = {name: _read(run, name) for name in run.test_sets if _has_latents(run, name)}
    for group, names in strongest(run.altered).items():
        if all(_has_latents(run, name) for name in names):
            codes = np.concatenate([_read(run, name) for name in names])
            found[GROUP_NAMES[group]] = codes[:: -(-len(codes) // GROUP_SIZE)]
    return found


def projection(latents: Mapping[str, np.ndarray], inside: str) -> Projection | None:
    """The sets seen along the directions in which one of them varies most.

    Args:
        latents: {set: posterior means [example, latent]}.
        inside: Name of the set that the directions are of.

    Returns:
        None where that set is missing, or has less than two examples or numbers in a code.
    """
    if inside not in latents or min(latents[inside].shape) < 2:
        return None
    components = PCA(n_components=2, svd_solver="full").fit(latents[inside])
    points = {name: components.transform(codes) for name, codes in latents.items()}
    first, second = components.explained_variance_ratio_.tolist()
    return Projection({inside: points.pop(inside)} | points, (first, second))


def _has_latents(run: FinishedRun, dataset: str) -> bool:
    return run.folder.latents(dataset).exists()


def _read(run: FinishedRun, dataset: str) -> np.ndarray:
    codes = read_scores(run.folder.latents(dataset)).scores["posterior_mean"].T
    refuse_unusable(codes, f"posterior means of {dataset}")
    return codes.astype(np.float64)


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
        figure.supylabel(f"second component,\n{second}", fontsize=9)
    return png.getvalue()
