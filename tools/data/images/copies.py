"""Equal and nearly equal images, within a set and between sets.

Images are compared as small grey ones. Nearly equal ones differ by less than the rounding of a JPEG
does, and by far less than neighbours in the set do: its own nearest distances give the limit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from tools.data.example_set import ExampleSet

SIDE = 24  # pixels of the images that are compared
MOST_LEVELS = 6.0  # root mean square difference of copies, in levels of 256, at most
SHARE = 0.25  # of the usual distance to a neighbour
NEIGHBOUR = 5  # the neighbour that counts: few images have so many copies
LARGEST_GROUP = 0.1  # share of a set; images of a larger group are merely alike
_SAMPLE, _MOST_COMPARED = 500, 20_000  # images whose neighbours give the limit, and among how many
_AXES, _NEAREST, _PART = 8, 8, 1000
_GREY = np.array([0.299, 0.587, 0.114], np.float32)  # shares of red, green and blue


class Copy(NamedTuple):
    """An image that is a copy of an earlier one.

    Attributes:
        dataset: Name of its set.
        example: Its file, or else its id.
        of_dataset: Name of the set of the earlier image.
        of_example: File, or else id, of the earlier image.
        levels: Root mean square difference of the small images, in levels of 256; 0: equal.
    """

    dataset: str
    example: str
    of_dataset: str
    of_example: str
    levels: float


def find_copies(sets: Sequence[ExampleSet]) -> list[Copy]:
    """The copies among the images of several sets, each of the nearest earlier one.

    Args:
        sets: Sets with images of one shape; the first one's nearest distances give the limit.
    """
    sketches = [_sketches(one.examples) for one in sets]
    limit = _limit(sketches[0])
    places = [(one.name, label) for one in sets for label in one.labels]
    pairs = _copies(np.concatenate(sketches), limit)
    return [Copy(*places[later], *places[earlier], levels) for later, earlier, levels in pairs]


def copy_groups(images: np.ndarray) -> np.ndarray:
    """Number of a group for each image, int64 [image]; copies are of one group.

    Args:
        images: [image, height, width, channel] in [0, 1].
    """
    sketches = _sketches(images)
    groups = _groups(len(images), _copies(sketches, _limit(sketches)))
    if np.bincount(groups).max() > max(2, LARGEST_GROUP * len(images)):
        groups = _groups(len(images), _copies(sketches, 0.0))
    return groups


def kept_together(count: int, order: np.ndarray, groups: np.ndarray | None) -> np.ndarray:
    """The first rows of an order, changed so that no group is divided: bool [row].

    Groups are taken in the order of one row each, as long as there are not more rows than asked for
    (those of the first group apart). Where all rows are one group, the order alone decides.

    Args:
        count: How many rows to take, about.
        order: A permutation of all rows.
        groups: Number of each row's group; None: every row is its own.
    """
    if groups is None:
        groups = np.arange(len(order))
    _, first, group = np.unique(groups, return_index=True, return_inverse=True)
    if len(first) == 1:
        first, group = np.arange(len(order)), np.arange(len(order))
    place = np.argsort(order)  # of each row
    in_order = np.argsort(place[first])  # groups
    rows = np.bincount(group)[in_order].cumsum()
    taken = in_order[: max(1, int(np.searchsorted(rows, count, side="right")))]
    return np.isin(group, taken)


def _sketches(images: np.ndarray) -> np.ndarray:
    """Small grey images in levels of 256, float32 [image, SIDE * SIDE]."""
    height, width, channels = images.shape[1:]
    rows, columns = _averaging(height), _averaging(width)
    weights = _GREY if channels == 3 else np.ones(1, np.float32)
    sketches = np.empty((len(images), SIDE * SIDE), np.float32)
    for start in range(0, len(images), _PART):
        grey = images[start : start + _PART] @ (255 * weights)  # [image, height, width]
        sketches[start : start + _PART] = (rows @ grey @ columns.T).reshape(-1, SIDE * SIDE)
    return sketches


def _averaging(length: int) -> np.ndarray:
    """Matrix [SIDE, length] that averages pixels over SIDE equal parts of a line."""
    edges = np.linspace(0, length, SIDE + 1)
    pixels = np.arange(length)
    upper = np.minimum(edges[1:, np.newaxis], pixels + 1)
    overlap = np.maximum(0, upper - np.maximum(edges[:-1, np.newaxis], pixels))
    return (overlap * SIDE / length).astype(np.float32)


def _limit(sketches: np.ndarray) -> float:
    """Largest difference of copies, in levels."""
    sample, others = (_spread(sketches, count) for count in (_SAMPLE, _MOST_COMPARED))
    squares = (others**2).sum(axis=1)
    squared = (sample**2).sum(axis=1, keepdims=True) - 2 * sample @ others.T + squares
    rank = min(NEIGHBOUR, len(others) - 1)  # the nearest one of all is the image itself
    usual = np.sqrt(np.maximum(np.partition(squared, rank, axis=1)[:, rank], 0)) / SIDE
    return min(MOST_LEVELS, SHARE * float(np.median(usual)))


def _spread(rows: np.ndarray, count: int) -> np.ndarray:
    count = min(count, len(rows))
    return rows[np.arange(count) * len(rows) // count]


def _copies(sketches: np.ndarray, limit: float) -> Iterator[tuple[int, int, float]]:
    """Yields (row, nearest earlier row, difference in levels) of the rows that are copies.

    Candidates are near in a few axes of large variance, in which no distance grows.
    """
    sample = _spread(sketches, _SAMPLE)
    sample = sample - sample.mean(axis=0)
    start = np.random.default_rng(0).standard_normal((SIDE * SIDE, _AXES), np.float32)
    axes = np.linalg.qr(sample.T @ (sample @ start))[0]  # one step of subspace iteration
    places = sketches @ axes
    # Equal sketches, of which there may be many, stand for the first of them.
    first: dict[bytes, int] = {}
    equal = [first.setdefault(row.tobytes(), index) for index, row in enumerate(sketches)]
    distinct = np.fromiter(first.values(), np.int64)
    for index, earlier in enumerate(equal):
        if earlier < index:
            yield index, earlier, 0.0
    if limit <= 0 or len(distinct) < 2:
        return
    from scipy.spatial import KDTree  # here: a quarter of a second that flags need not wait

    radius = limit * SIDE
    _, near = KDTree(places[distinct]).query(
        places[distinct], k=min(_NEAREST, len(distinct)), distance_upper_bound=radius * 1.001
    )
    for own, others in enumerate(near):
        earlier_ones = distinct[others[others < own]]
        if len(earlier_ones):
            row = distinct[own]
            distances = np.linalg.norm(sketches[earlier_ones] - sketches[row], axis=1) / SIDE
            if (least := float(distances.min())) <= limit:
                yield int(row), int(earlier_ones[distances.argmin()]), least


def _groups(count: int, copies: Iterator[tuple[int, int, float]]) -> np.ndarray:
    """Number of a group for each row: that of the row that it is a copy of, else its own."""
    groups = np.arange(count)
    for later, earlier, _ in sorted(copies):
        groups[later] = groups[earlier]
    return groups
