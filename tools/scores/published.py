"""AUROCs that others have published. They are rounded, and the protocols differ from ours."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Published(NamedTuple):
    """Figures of one method.

    Attributes:
        method: What was measured, and where it is written.
        aurocs: {(training set, OoD set): AUROC}.
    """

    method: str
    aurocs: Mapping[tuple[str, str], float]


_PATH_PAPER = "likelihood path paper, table 1"
PUBLISHED = (
    Published(
        f"ELBO of one VAE ({_PATH_PAPER})",
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
        "WAIC (WAIC, but Why?)",
        {
            ("cifar10", "svhn"): 1.0,
            ("cifar10", "celeba"): 0.997,
            ("fashion_mnist", "mnist"): 0.766,
        },
    ),
    Published(
        "WAIC, measured again (EigenScore paper, table 1)",
        {("cifar10", "svhn"): 0.760, ("cifar10", "celeba"): 0.469},
    ),
    Published(
        f"DoSE ({_PATH_PAPER})",
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
        f"likelihood path, COPOD ({_PATH_PAPER})",
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
        f"likelihood regret ({_PATH_PAPER})",
        {("cifar10", "svhn"): 0.88, ("fashion_mnist", "mnist"): 0.99},
    ),
    Published(
        "EigenScore, of a diffusion model (its table 1)",
        {("cifar10", "svhn"): 0.810, ("cifar10", "celeba"): 0.873},
    ),
)


def published_aurocs(train_dataset: str, datasets: Sequence[str]) -> dict[str, dict[str, float]]:
    """{"published: method": {OoD set: AUROC}} for models of this training set, on these sets."""
    found = {}
    for method, aurocs in PUBLISHED:
        of_sets = {
            out: aurocs[train_dataset, out] for out in datasets if (train_dataset, out) in aurocs
        }
        if of_sets:
            found[f"published: {method}"] = of_sets
    return found
