"""Groups of pictures: those of one thing, which training, calibration and test do not share.

Photos of one object are alike in what a model may remember. A calibration picture of an object that
is also in the training set looks more normal than a new object does, and thresholds are too low.
"""

import logging
import re
from collections.abc import Callable, Sequence

import numpy as np

from tools.data.example_set import ExampleSet
from tools.data.images.copies import copy_groups
from tools.errors import InputError

_LOG = logging.getLogger(__name__)
MOST_COMPARED = 4000  # pictures, each with each
FOUND_SHARE = 0.8  # things per picture, below which a set is said to have several pictures of each
_PART = 256  # pictures in memory at once


def groups_by(pattern: str) -> Callable[[ExampleSet], np.ndarray]:
    """The function that groups a set: by file names, or by near copies where the pattern is empty.

    Returns:
        Function from a set of images to the number of the thing that each shows, int64 [image].
    """
    return (lambda images: groups_by_name(images.labels, pattern)) if pattern else groups_by_sight


def groups_by_name(names: Sequence[str], pattern: str) -> np.ndarray:
    """Number of a group for each name, from 0: one for each text that the pattern finds.

    Args:
        names: Files, or ids.
        pattern: Regular expression; what its groups match, or all of it, names the thing. A name
            in which it is not found is a thing of its own.

    Raises:
        InputError: It is found in no name.
    """
    found = [re.search(pattern, name) for name in names]
    if not any(found):
        raise InputError(f"--groups={pattern} is found in no file's name, such as {names[0]}")
    things = [
        repr((match.groups() or match[0]) if match else [name])
        for match, name in zip(found, names, strict=True)
    ]
    return np.unique(things, return_inverse=True)[1]


def groups_by_sight(images: ExampleSet) -> np.ndarray:
    """Number of a group for each image, from 0: near copies, and what is connected by them.

    Only copies are found if there are more than MOST_COMPARED images.
    """
    copies = copy_groups(images.examples)
    if len(images) > MOST_COMPARED:
        return copies
    # Imported here: SciPy's sparse graphs need not be loaded to refuse a flag.
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    from tools.scores.pictures.looks import reduced
    from tools.scores.pictures.near_copies import near_copies

    starts = range(0, len(images), _PART)
    parts = [reduced(np.asarray(images.examples[start : start + _PART])) for start in starts]
    near, rows = near_copies(np.concatenate(parts)), np.arange(len(images))
    # Each image is connected with the first one of either of its groups.
    firsts = [np.unique(groups, return_index=True)[1] for groups in (copies, near)]
    numbers = [np.unique(groups, return_inverse=True)[1] for groups in (copies, near)]
    ends = np.concatenate([first[number] for first, number in zip(firsts, numbers, strict=True)])
    edges = coo_array((np.ones(len(ends)), (np.tile(rows, 2), ends)), (len(rows), len(rows)))
    return connected_components(edges, directed=False)[1].astype(np.int64)


def groups_in_words(groups: np.ndarray) -> str:
    """What a reader must know of the groups; "" where there are hardly any."""
    things = len(np.unique(groups))
    if things > FOUND_SHARE * len(groups):
        return ""
    return (
        f"{len(groups)} pictures show {things} things; those of one thing stay together, so that"
        " p-values hold for things never seen"
    )
