"""Maps of where a picture is strange, and scores that are made of them.

A map begins as squared errors or negative log likelihoods by pixel. It is smoothed, because single
pixels are noise, and standardised by normal pictures that the model was not fitted on, because
edges are hard to predict in every picture. Then its values count in standard deviations of normal
pictures at the same place, and their maximum is a score. The number of places is paid for by
p-values: they come from the maxima of normal pictures.
"""

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np
from scipy.ndimage import gaussian_filter

from tools.scores.pictures.smoothing import smoothed

LEAST_SQUARE = 1e-4  # added to squared errors of values in [0, 1] before the logarithm
SMOOTHING = 0.7  # pixels, of maps whose maximum is a score
TOP_SHARE = 0.05  # of the places, in a score between maximum and mean
_LEAST_VARIANCE = 1e-6
_SAME_PLACES = 0.5  # least correlation of two halves' mean maps of aligned pictures


def log_error_map(squares: np.ndarray, smoothing: float = SMOOTHING) -> np.ndarray:
    """Logarithm of the smoothed mean over channels: float32 [picture, height, width].

    Args:
        squares: Squared errors [picture, height, width, channel].
        smoothing: Standard deviation of the Gaussian, in pixels.
    """
    return np.log(smoothed(squares.mean(axis=3), smoothing) + LEAST_SQUARE)


class Places(NamedTuple):
    """Mean and standard deviation of normal maps at each place, [height, width] or [1, 1]."""

    mean: np.ndarray
    deviation: np.ndarray

    @classmethod
    def fit(cls, maps: np.ndarray) -> Self:
        """Statistics of maps [picture, height, width] of normal pictures.

        The model must not have been fitted on these pictures. Mean and mean square are smoothed by
        a pixel. Pictures whose places have nothing in common get one mean and deviation for all
        places: by so few pictures each place would add noise.
        """
        means, squares = (maps**power for power in (1, 2))
        if not are_aligned(maps):
            mean, square = (np.full((1, 1), moment.mean()) for moment in (means, squares))
        else:
            moments = (moment.mean(axis=0, dtype=np.float64) for moment in (means, squares))
            mean, square = (gaussian_filter(moment, 1.0, mode="nearest") for moment in moments)
        deviation = np.sqrt(np.maximum(square - mean**2, _LEAST_VARIANCE))
        return cls(mean.astype(np.float32), deviation.astype(np.float32))

    def standardised(self, maps: np.ndarray) -> np.ndarray:
        """Maps [picture, height, width] in standard deviations of normal pictures."""
        return (maps - self.mean) / self.deviation


def are_aligned(maps: np.ndarray) -> bool:
    """Whether places of maps [picture, height, width] differ in the same way in all pictures.

    Aligned are photos of one object from one position, and digits; not aligned are textures. Mean
    maps of every other picture and of the rest correlate by a half or more.
    """
    if len(maps) < 2:
        return False
    first, second = (maps[start::2].mean(axis=0, dtype=np.float64).ravel() for start in (0, 1))
    if min(first.std(), second.std()) == 0:
        return False
    return bool(np.corrcoef(first, second)[0, 1] >= _SAME_PLACES)


def strongest(maps: np.ndarray) -> np.ndarray:
    """Largest value of each map [picture, height, width]: a score [picture]."""
    return maps.max(axis=(1, 2))


def mean_of_top(maps: np.ndarray, share: float = TOP_SHARE) -> np.ndarray:
    """Mean of the largest values of each map, of this share of the places: a score [picture]."""
    values = maps.reshape(-1, maps.shape[1] * maps.shape[2])
    count = max(1, round(share * values.shape[1]))
    return np.partition(values, -count, axis=1)[:, -count:].mean(axis=1)


def joined(maps: Sequence[np.ndarray]) -> np.ndarray:
    """Log mean exponential of standardised maps of one shape, between mean and maximum."""
    stack = np.stack(maps)
    highest = stack.max(axis=0)
    return highest + np.log(np.exp(stack - highest).mean(axis=0))


def strangest_place(map: np.ndarray, size: int) -> tuple[int, int, int, int]:
    """Frame of about `size` pixels around the largest value of a map [height, width].

    Returns:
        top, left, bottom, right in pixels; bottom and right are exclusive.
    """
    row, column = np.unravel_index(int(np.argmax(map)), map.shape)
    spans = zip((int(row), int(column)), map.shape, strict=True)
    starts = [min(max(0, at - size // 2), max(0, side - size)) for at, side in spans]
    ends = [min(start + size, side) for start, side in zip(starts, map.shape, strict=True)]
    return starts[0], starts[1], ends[0], ends[1]
