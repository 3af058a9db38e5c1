"""Smoothing of maps and pictures by a Gaussian."""

from functools import singledispatch

import numpy as np
from scipy.ndimage import gaussian_filter


@singledispatch
def smoothed(maps: np.ndarray, reach: float, mode: str = "nearest") -> np.ndarray:
    """Arrays [picture, height, width, ...] smoothed over height and width.

    Args:
        maps: The arrays.
        reach: Standard deviation of the Gaussian, in pixels.
        mode: What is beyond the edge: its pixels (nearest), or the picture mirrored (reflect).
    """
    return gaussian_filter(maps, reach, axes=(1, 2), mode=mode)
