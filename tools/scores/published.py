"""AUROCs that others have published. They are rounded, and the protocols differ from ours."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import NamedTuple


class Published(NamedTuple):
    """Figures of one method.

    Attributes:
        method: Name of the method.
        source: Paper with the figures.
        aurocs: {(training set, OoD set): AUROC}, in PUBLISHED.
        note: What they depend on besides the method; empty: nothing is known.
    """

    method: str
    source: str
    aurocs: Mapping[Hashable, float]
    note: str = ""


_PATH_PAPER = "likelihood path paper, table 1"
_EIGEN_PAPER = "EigenScore paper, table 1"
_RESIZED = "on celeba it depends on how the faces were made small"
PUBLISHED = (
    Published(
        "ELBO of one VAE",
        _PATH_PAPER,
        {
            ("cifar10", "svhn"): 0.08,
            ("fashion_mnist", "mnist"): 0.87,
            ("fashion_mnist", "hflip"): 0.63,
            ("fashion_mnist", "vflip"): 0.83,
            ("mnist", "fashion_mnist"): 1.0,
            ("mnist", "hflip"): 0.59,
        },
    ),
    Published(
        "WAIC",
        "WAIC, but Why?",
        {
            ("cifar10", "svhn"): 1.0,
            ("cifar10", "celeba"): 0.997,
            ("fashion_mnist", "mnist"): 0.766,
        },
        _RESIZED,
    ),
    Published(
        "WAIC, measured again",
        _EIGEN_PAPER,
        {("cifar10", "svhn"): 0.760, ("cifar10", "celeba"): 0.469},
        _RESIZED,
    ),
    Published("WAIC, measured again", "a leaderboard's entry", {("cifar10", "svhn"): 0.143}),
    Published(
        "DoSE",
        _PATH_PAPER,
        {
            ("cifar10", "svhn"): 0.97,
            ("fashion_mnist", "mnist"): 1.0,
            ("fashion_mnist", "hflip"): 0.66,
            ("fashion_mnist", "vflip"): 0.75,
            ("mnist", "fashion_mnist"): 1.0,
            ("mnist", "hflip"): 0.81,
        },
    ),
    Published(
        "likelihood path, COPOD",
        _PATH_PAPER,
        {
            ("cifar10", "svhn"): 0.99,
            ("fashion_mnist", "mnist"): 1.0,
            ("fashion_mnist", "hflip"): 0.65,
            ("fashion_mnist", "vflip"): 0.81,
            ("mnist", "fashion_mnist"): 1.0,
            ("mnist", "hflip"): 0.65,
        },
    ),
    Published(
        "likelihood regret",
        _PATH_PAPER,
        {("cifar10", "svhn"): 0.88, ("fashion_mnist", "mnist"): 0.99},
    ),
    Published(
        "EigenScore of a diffusion model",
        _EIGEN_PAPER,
        {("cifar10", "svhn"): 0.810, ("cifar10", "celeba"): 0.873},
        "its time steps were tuned on out-of-distribution images",
    ),
)


def published(train_dataset: str, datasets: Sequence[str]) -> Iterator[Published]:
    """Figures for models of this training set, restricted to these OoD sets: {OoD set: AUROC}."""
    for method, source, aurocs, note in PUBLISHED:
        pairs = ((train_dataset, dataset) for dataset in datasets)
        of_sets: dict[Hashable, float] = {pair[1]: aurocs[pair] for pair in pairs if pair in aurocs}
        if of_sets:
            yield Published(method, source, of_sets, note)
