"""The rows that are nearest to others."""

from functools import singledispatch
from typing import NamedTuple

import numpy as np


class Found(NamedTuple):
    """The nearest known rows, nearest first: distances and row numbers [row, neighbour]."""

    distances: np.ndarray
    numbers: np.ndarray


@singledispatch
def nearest(places: np.ndarray, known: np.ndarray, count: int) -> Found:
    """The known rows that are nearest to each place, by comparing all pairs.

    Args:
        places: [row, coordinate].
        known: [known row, coordinate].
        count: So many are found.
    """
    from sklearn.neighbors import NearestNeighbors

    return Found(*NearestNeighbors(algorithm="brute").fit(known).kneighbors(places, count))
