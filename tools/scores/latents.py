"""Where the sets lie among the posterior means of a member: two directions of the normal images."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from sklearn.decomposition import PCA

from tools.scores.altered_scores import strongest
from tools.scores.finished_run import FinishedRun
from tools.scores.metrics import refuse_unusable
from tools.scores.score_files import read_scores

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
