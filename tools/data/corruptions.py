"""Common corruptions of images at five severities, with the strengths of CIFAR-10-C.

Each takes images [image, height, width, channel] in [0, 1], a severity from 1 to 5 and a random
generator, and returns float32 images of the same shape in [0, 1].
Hendrycks and Dietterich 2019, arxiv.org/abs/1903.12261.
"""

from typing import Any

import numpy as np
from PIL import Image

SEVERITIES = (1, 2, 3, 4, 5)


def gaussian_noise(images: np.ndarray, severity: int, rng: np.random.Generator) -> np.ndarray:
    """Adds N(0, s**2) to each number."""
    scale = _at(severity, 0.04, 0.06, 0.08, 0.09, 0.10)
    return _in_range(images + rng.normal(0, scale, images.shape))


def shot_noise(images: np.ndarray, severity: int, rng: np.random.Generator) -> np.ndarray:
    """Counts photons, at most k on average: Poisson(k * x) / k."""
    photons = _at(severity, 500, 250, 100, 75, 50)
    return _in_range(rng.poisson(photons * images) / photons)


def gaussian_blur(images: np.ndarray, severity: int, rng: np.random.Generator) -> np.ndarray:
    """Averages over neighbours with normal weights; the border's pixels are continued outside."""
    from scipy.ndimage import gaussian_filter  # here: a quarter of a second for flags to wait

    width = _at(severity, 0.4, 0.6, 0.7, 0.8, 1.0)  # standard deviation in pixels
    return _in_range(gaussian_filter(images, (0, width, width, 0), mode="nearest"))


def contrast(images: np.ndarray, severity: int, rng: np.random.Generator) -> np.ndarray:
    """Shrinks the distance to the mean of the image and channel."""
    factor = _at(severity, 0.75, 0.5, 0.4, 0.3, 0.15)
    means = images.mean(axis=(1, 2), keepdims=True)
    return _in_range(means + factor * (images - means))


def pixelate(images: np.ndarray, severity: int, rng: np.random.Generator) -> np.ndarray:
    """Shrinks each channel by averaging over boxes, and enlarges it again."""
    factor = _at(severity, 0.95, 0.9, 0.85, 0.75, 0.65)
    height, width = images.shape[1:3]
    small = int(factor * width), int(factor * height)  # Pillow's order
    pixelated = np.empty(images.shape, np.float32)
    for row, channel in np.ndindex(images.shape[0], images.shape[-1]):
        picture = Image.fromarray(images[row, :, :, channel].astype(np.float32))
        picture = picture.resize(small, Image.Resampling.BOX)
        pixelated[row, :, :, channel] = picture.resize((width, height), Image.Resampling.NEAREST)
    return _in_range(pixelated)


CORRUPTIONS = {
    function.__name__: function
    for function in (gaussian_noise, shot_noise, gaussian_blur, contrast, pixelate)
}


def _at(severity: int, *strengths: Any) -> Any:
    if severity not in SEVERITIES:
        raise ValueError(f"severity={severity}: known are {', '.join(map(str, SEVERITIES))}")
    return strengths[severity - 1]


def _in_range(images: np.ndarray) -> np.ndarray:
    return images.clip(0, 1).astype(np.float32)
