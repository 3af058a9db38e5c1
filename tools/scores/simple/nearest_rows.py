"""Distances to the nearest training rows, in several spaces."""

from collections.abc import Mapping

import numpy as np

from tools.scores.nearest import Found, nearest
from tools.scores.simple.feature_spaces import SPACES, Columns, fit_space, whitening

NEIGHBOURS = 5
LOCAL_FLOOR = 0.3  # added to both distances of the local ratio, in medians of the latter
LEAST_SHARE = 1e-3  # added to a distance before the logarithm, in medians of those above 0
WHITENED = "whitened"
# The group of each score, in their order.
NEAREST_GROUPS = ("neighbours",) * (2 * len(SPACES)) + ("local", WHITENED)


class NearestRows:
    """Logarithms of distances to training rows, higher = more anomalous.

    In each space the distance to the nearest row and the mean distance to the five nearest (DTE-NP
    of Livernoche et al. 2024, https://arxiv.org/abs/2305.18593). In the standard one also the ratio
    of that mean to the same mean of the neighbours themselves, and the distance to the nearest row
    after whitening.

    Args:
        training: Encoded rows [row, feature], at least two.
        columns: Kinds of their features.
        held_out: Number of training rows, the first ones, to score as if they were new.

    Attributes:
        held_out: Scores of these rows, each excluded from its own neighbours, [score, row].
    """

    def __init__(self, training: np.ndarray, columns: Columns, held_out: int):
        self._count = min(NEIGHBOURS, len(training) - 1)
        self._spaces = {name: fit_space(name, training, columns) for name in SPACES}
        self._rotation = whitening(self._spaces["standard"](training))
        places = self._places(training)
        self._references = places
        # The local ratio needs the neighbourhoods of all training rows, the others do not.
        counts = dict.fromkeys(places, held_out) | {"standard": len(training)}
        own = {name: self._others(name, rows[: counts[name]]) for name, rows in places.items()}
        self._spread = own["standard"].distances.mean(axis=1)
        found = {name: Found(*(part[:held_out] for part in near)) for name, near in own.items()}
        distances = _distances(found)
        self._least = np.array([LEAST_SHARE * _median_above_zero(row) for row in distances])
        self.held_out = self._logarithms(distances, found)

    def scores(self, rows: np.ndarray) -> np.ndarray:
        """Scores of encoded rows, float64 [score, row], in the order of NEAREST_GROUPS."""
        found = {
            name: nearest(place, self._references[name], self._count)
            for name, place in self._places(rows).items()
        }
        return self._logarithms(_distances(found), found)

    def _places(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        places = {name: space(rows) for name, space in self._spaces.items()}
        return places | {WHITENED: places["standard"] @ self._rotation}

    def _others(self, space: str, first: np.ndarray) -> Found:
        """The nearest others of the first training rows."""
        distances, numbers = nearest(first, self._references[space], self._count + 1)
        is_other = numbers != np.arange(len(first))[:, np.newaxis]
        # A row with many equals may not be among its own nearest: then the farthest goes.
        is_other[is_other.all(axis=1), -1] = False
        shape = (len(first), self._count)
        return Found(distances[is_other].reshape(shape), numbers[is_other].reshape(shape))

    def _logarithms(self, distances: np.ndarray, found: Mapping[str, Found]) -> np.ndarray:
        scores = np.log(distances + self._least[:, np.newaxis])
        # Where most rows have copies the median is 0, and without a floor a ratio has no bound.
        typical = np.median(self._spread) or _median_above_zero(self._spread)
        floor = LOCAL_FLOOR * typical + 1e-9
        around, numbers = found["standard"].distances.mean(axis=1), found["standard"].numbers
        # self._spread[numbers], by a function that NumPy hands over to traced numbers
        there = np.take_along_axis(self._spread[np.newaxis], numbers, axis=1).mean(axis=1)
        local = np.log(around + floor) - np.log(there + floor)
        place = NEAREST_GROUPS.index("local")
        return np.concatenate([scores[:place], local[np.newaxis], scores[place:]])


def _distances(found: Mapping[str, Found]) -> np.ndarray:
    """To the nearest and to the five nearest in each space, to the nearest whitened one."""
    pairs = [(near.distances[:, 0], near.distances.mean(axis=1)) for near in found.values()]
    return np.stack([row for pair in pairs for row in pair][:-1])


def _median_above_zero(distances: np.ndarray) -> float:
    above = distances[distances > 0]
    return float(np.median(above)) if len(above) else 1e-6
