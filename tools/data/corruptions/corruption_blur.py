"""Blur. Each function takes images in [0, 1], a strength, and random numbers per image.

Beyond the border, the border's pixels are repeated.
"""

import numpy as np

from tools.data.corruptions.resampling import enlarged, grid, sample
from tools.run.seeds import RowRandom

GLASS_WIDTH = 0.3  # standard deviation in pixels


def gaussian_blur(images: np.ndarray, width: float, random: RowRandom | None = None) -> np.ndarray:
    """Averages over neighbours with normal weights of standard deviation `width`, in pixels."""
    from scipy.ndimage import gaussian_filter  # here: a quarter of a second for flags to wait

    return gaussian_filter(images, (0, width, width, 0), mode="nearest")


def defocus_blur(images: np.ndarray, radius: float, random: RowRandom) -> np.ndarray:
    """Averages over a disc of this radius, in pixels; pixels that its rim crosses count in part."""
    from scipy.ndimage import convolve

    reach = int(np.ceil(radius))
    distances = np.hypot(*np.mgrid[-reach : reach + 1, -reach : reach + 1])
    disc = (radius + 0.5 - distances).clip(0, 1)
    return convolve(images, (disc / disc.sum())[np.newaxis, :, :, np.newaxis], mode="nearest")


def glass_blur(images: np.ndarray, share: float, random: RowRandom) -> np.ndarray:
    """Blurs, swaps this share of the pixels with a random one of their neighbours, blurs again."""
    shuffled = gaussian_blur(images, GLASS_WIDTH).copy()
    count, height, width = images.shape[:3]
    steps = random.integers(-1, 1, height, width, 2)
    steps *= random.uniform(0, 1, height, width, 1) < share
    every = np.arange(count)
    for row in range(1, height - 1):
        for column in range(1, width - 1):
            other = (every, row + steps[:, row, column, 0], column + steps[:, row, column, 1])
            here = shuffled[:, row, column].copy()
            shuffled[:, row, column] = shuffled[other]
            shuffled[other] = here
    return gaussian_blur(shuffled, GLASS_WIDTH)


def motion_blur(images: np.ndarray, length: float, random: RowRandom) -> np.ndarray:
    """Averages along a line of this length, in pixels, at a random angle for each image."""
    angles = random.uniform(0, np.pi)[:, np.newaxis, np.newaxis]
    rows, columns = grid(images)
    places = np.linspace(-0.5, 0.5, 2 * int(np.ceil(length)) + 1) * length
    read = (
        sample(images, rows + place * np.sin(angles), columns + place * np.cos(angles))
        for place in places
    )
    return sum(read, start=np.zeros(images.shape, np.float32)) / len(places)


def zoom_blur(images: np.ndarray, factor: float, random: RowRandom) -> np.ndarray:
    """Averages over ten enlargements from 1 to this factor."""
    factors = np.linspace(1, factor, 10)
    read = (enlarged(images, float(part)) for part in factors)
    return sum(read, start=np.zeros(images.shape, np.float32)) / len(factors)
