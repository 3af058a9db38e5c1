"""Out-of-distribution images that need no file: mirrored test images and noise."""

import numpy as np

# Axes of [image, height, width, channel] that are reversed.
FLIPS = {"hflip": 2, "vflip": 1}


def flip(images: np.ndarray, name: str) -> np.ndarray:
    """The images [image, height, width, channel] mirrored left to right or top to bottom."""
    return np.ascontiguousarray(np.flip(images, FLIPS[name]))


def uniform_noise(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """float32 pixels, uniform on [0, 1)."""
    return rng.random(shape, np.float32)


def normal_noise(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """float32 pixels, N(0, 1) clipped to [0, 1]: half of them are 0 and a sixth are 1."""
    return rng.standard_normal(shape, np.float32).clip(0, 1)


def truncated_normal_noise(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """float32 pixels, N(0, 1) given that it lies in [0, 1]."""
    from scipy.special import ndtr, ndtri  # here: a quarter of a second that flags need not wait

    return ndtri(rng.uniform(ndtr(0), ndtr(1), shape)).astype(np.float32)


NOISES = {
    function.__name__: function
    for function in (uniform_noise, normal_noise, truncated_normal_noise)
}
