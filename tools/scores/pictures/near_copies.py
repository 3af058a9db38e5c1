"""Near copies: pictures of one thing, which must not be told apart as known and unknown.

Photos of one object under several exposures are near copies. A model that has seen one of them
knows the others, so calibration is honest only if they stay together.
"""

import numpy as np
from scipy.sparse.csgraph import connected_components

from tools.run.seeds import child_seed
from tools.scores.pictures.looks import contrast

NEAR_COPY = 0.5  # correlation of local contrast above which two pictures show one thing
_LARGEST_GROUP = 0.1  # share of the pictures in one group beyond which alike does not mean copied


def fingerprints(images: np.ndarray) -> np.ndarray:
    """Rows [image, value] of length 1; their products are correlations of local contrast."""
    rows = contrast(images)
    rows = rows - rows.mean(axis=1, keepdims=True)
    return rows / (np.sqrt(np.square(rows).sum(axis=1, keepdims=True)) + 1e-6)


def near_copies(images: np.ndarray) -> np.ndarray:
    """A number for each image, equal for near copies and what is connected by them: int [image].

    Where a tenth of the images would be one group they are merely alike, as digits are, and each
    gets a number of its own.
    """
    rows = fingerprints(images)
    groups = connected_components(rows @ rows.T > NEAR_COPY, directed=False)[1]
    are_alike = np.bincount(groups).max() > max(2, _LARGEST_GROUP * len(groups))
    return np.arange(len(groups)) if are_alike else groups


def folds_of(groups: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """A fold for each image, int [image]; the images of a group share one.

    Groups are drawn in random order, the largest first, each for the fold with the fewest images.

    Args:
        groups: Number of the group of each image [image], from 0.
        folds: Number of folds.
        seed: Root seed of the draw.
    """
    sizes = np.bincount(groups)
    order = np.random.default_rng(child_seed(seed, "picture folds")).permutation(len(sizes))
    images, fold_of = np.zeros(folds, int), np.zeros(len(sizes), int)
    for group in order[np.argsort(-sizes[order], kind="stable")]:
        fold_of[group] = images.argmin()
        images[fold_of[group]] += sizes[group]
    return fold_of[groups]
