"""Noise. Each function takes images in [0, 1], a strength, and random numbers per image."""

import numpy as np

from tools.run.seeds import RowRandom


def gaussian_noise(images: np.ndarray, scale: float, random: RowRandom) -> np.ndarray:
    """Adds noise from N(0, scale**2) to each pixel."""
    return images + scale * random.normal(*images.shape[1:])


def shot_noise(images: np.ndarray, photons: float, random: RowRandom) -> np.ndarray:
    """Counts photons: Poisson(photons * x) / photons, so `photons` is the mean of a white pixel."""
    return random.poisson(photons * images) / photons


def impulse_noise(images: np.ndarray, share: float, random: RowRandom) -> np.ndarray:
    """Sets this share of the pixels to 0 or 1."""
    draw = random.uniform(0, 1, *images.shape[1:])
    return np.where(draw < share, np.where(draw < share / 2, 0.0, 1.0), images)


def speckle_noise(images: np.ndarray, scale: float, random: RowRandom) -> np.ndarray:
    """Multiplies each pixel by 1 + noise from N(0, scale**2)."""
    return images * (1 + scale * random.normal(*images.shape[1:]))
