"""Near copies: pictures of one thing, which must not be told apart as known and unknown.

Photos of one object under several exposures are near copies. A model that has seen one of them
knows the others, so calibration is honest only if they stay together.
"""

import numpy as np
from scipy.sparse.csgraph import connected_components

from tools.run.seeds import child_seed
from tools.scores.pictures.looks import contrast

# Correlation of fine structure above which two pictures show one thing; the first that groups them.
NEAR_COPIES = (0.5, 0.6, 0.7)
_CHAIN = 0.5  # share of the pairs in groups that correlate so, below which groups are chains
_FINE = 3.0  # pixels; what is larger is light and shape, in which different things are alike
_LARGEST_GROUP = 0.1  # share of the pictures in one group beyond which alike does not mean copied


def fingerprints(images: np.ndarray) -> np.ndarray:
    """Rows [image, value] of length 1; their products are correlations of local contrast."""
    return _normed(contrast(images))


def near_copies(images: np.ndarray) -> np.ndarray:
    """A number for each image, equal for near copies and what is connected by them: int [image].

    They correlate in their fine structure, less that of the mean image. Where a tenth of the images
    would be one group, or groups would be chains of unlike ones, the images are merely alike, as
    digits are, and each gets a number of its own.
    """
    fine = contrast(images, _FINE)
    rows = _normed(fine - fine.mean(axis=0))
    correlations = rows @ rows.T
    for least in NEAR_COPIES:
        is_near = correlations > least
        groups = connected_components(is_near, directed=False)[1]
        sizes = np.bincount(groups)
        pairs = np.square(sizes).sum() - len(groups)
        is_chained = is_near.sum() - len(groups) < _CHAIN * pairs
        if not is_chained and sizes.max() <= max(2, _LARGEST_GROUP * len(groups)):
            return groups
    return np.arange(len(rows))


def _normed(rows: np.ndarray) -> np.ndarray:
    rows = rows - rows.mean(axis=1, keepdims=True)
    return rows / (np.sqrt(np.square(rows).sum(axis=1, keepdims=True)) + 1e-6)


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
