"""Looks: pictures as rows of numbers, with or without their brightness and contrast."""

import math
from collections.abc import Callable, Mapping

import numpy as np

from tools.scores.pictures.smoothing import smoothed

LARGEST_SIDE = 64  # pixels; larger pictures are averaged over blocks first
_LEAST_DEVIATION = 0.02  # of a picture's values in [0, 1]; flatter ones are not stretched further
# Pixels around a place, least deviation of logarithms there, and what is added to values of 0.
_REACH, _LEAST_CONTRAST, _DARKEST = 6.0, 0.02, 8 / 255


def reduced(images: np.ndarray) -> np.ndarray:
    """Images [image, height, width, channel] averaged over blocks, until no side exceeds 64."""
    for axis in (1, 2):
        side = images.shape[axis]
        if (width := -(-side // LARGEST_SIDE)) > 1:
            starts = np.arange(0, side, width)
            counts = np.diff([*starts, side]).astype(np.float32)
            shape = [-1 if other == axis else 1 for other in range(4)]
            images = np.add.reduceat(images, starts, axis) / counts.reshape(shape)
    return images


def enlarged(maps: np.ndarray, height: int, width: int) -> np.ndarray:
    """Maps of reduced images, with the height and width of the images themselves."""
    for axis, side in ((1, height), (2, width)):
        maps = maps.repeat(-(-side // LARGEST_SIDE), axis).take(np.arange(side), axis)
    return maps


def plain(images: np.ndarray) -> np.ndarray:
    """The values themselves: [image, value]."""
    return _rows(images).astype(np.float32)


def photo(images: np.ndarray) -> np.ndarray:
    """Each image at mean 0 and deviation 1, so that exposure and contrast do not count."""
    rows = plain(images)
    rows = rows - rows.mean(axis=1, keepdims=True)
    return rows / np.maximum(rows.std(axis=1, keepdims=True), _LEAST_DEVIATION)


def contrast(images: np.ndarray, reach: float = _REACH) -> np.ndarray:
    """Log values less their local mean, over the local deviation: small things in any light."""
    logs = np.log(images.astype(np.float32) + _DARKEST)
    logs = logs - smoothed(logs, reach, "reflect")
    deviation = np.sqrt(smoothed(np.square(logs), reach, "reflect"))
    return _rows(logs / (deviation + _LEAST_CONTRAST))


def _rows(images: np.ndarray) -> np.ndarray:
    return images.reshape(-1, math.prod(images.shape[1:]))


LOOKS: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "plain": plain,
    "photo": photo,
    "contrast": contrast,
}
