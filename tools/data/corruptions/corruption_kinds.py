"""Common corruptions of images at five severities.

The kinds are those of Hendrycks and Dietterich 2019, https://arxiv.org/abs/1903.12261. Noise,
Gaussian blur, brightness, contrast, pixelation and JPEG have the strengths of CIFAR-10-C; the
others have strengths of their own that rise with the severity, for sides of about 30 pixels.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tools.data.corruptions import corruption_blur as blur
from tools.data.corruptions import corruption_digital as digital
from tools.data.corruptions import corruption_noise as noise
from tools.data.corruptions import corruption_weather as weather
from tools.run.seeds import RowIds, RowRandom

SEVERITIES = (1, 2, 3, 4, 5)


class Corruption(NamedTuple):
    """A kind of corruption.

    Attributes:
        damage: Function from images [image, height, width, channel] in [0, 1], a strength and
            random numbers to images of the same shape.
        strengths: Strength at severity 1 to 5.
    """

    damage: Callable[[np.ndarray, Any, RowRandom], np.ndarray]
    strengths: tuple[Any, ...]


CORRUPTIONS = {
    corruption.damage.__name__: corruption
    for corruption in (
        Corruption(noise.gaussian_noise, (0.04, 0.06, 0.08, 0.09, 0.10)),
        Corruption(noise.shot_noise, (500, 250, 100, 75, 50)),
        Corruption(noise.impulse_noise, (0.01, 0.02, 0.03, 0.05, 0.07)),
        Corruption(noise.speckle_noise, (0.06, 0.10, 0.12, 0.16, 0.20)),
        Corruption(blur.defocus_blur, (0.6, 0.8, 1.0, 1.5, 2.0)),
        Corruption(blur.glass_blur, (0.2, 0.4, 0.6, 0.8, 1.0)),
        Corruption(blur.motion_blur, (2.0, 3.0, 4.0, 5.5, 7.0)),
        Corruption(blur.zoom_blur, (1.06, 1.11, 1.16, 1.21, 1.26)),
        Corruption(blur.gaussian_blur, (0.4, 0.6, 0.7, 0.8, 1.0)),
        Corruption(weather.snow, (0.1, 0.2, 0.3, 0.45, 0.6)),
        Corruption(weather.frost, (0.2, 0.3, 0.4, 0.5, 0.6)),
        Corruption(weather.fog, (0.2, 0.5, 0.75, 1.0, 1.5)),
        Corruption(digital.brightness, (0.05, 0.10, 0.15, 0.20, 0.30)),
        Corruption(digital.contrast, (0.75, 0.50, 0.40, 0.30, 0.15)),
        Corruption(digital.saturate, (1.3, 1.6, 2.0, 3.0, 5.0)),
        Corruption(weather.spatter, (0.05, 0.10, 0.15, 0.25, 0.35)),
        Corruption(digital.elastic_transform, (1.0, 1.5, 2.0, 3.0, 4.0)),
        Corruption(digital.pixelate, (0.95, 0.90, 0.85, 0.75, 0.65)),
        Corruption(digital.jpeg_compression, (80, 65, 58, 50, 40)),
    )
}


def corrupt(
    name: str,
    images: np.ndarray,
    severity: int,
    *,
    seed: int,
    ids: RowIds | None = None,
) -> np.ndarray:
    """The images with one corruption, float32 in [0, 1].

    Args:
        name: Key of CORRUPTIONS.
        images: [image, height, width, channel] in [0, 1], with one or three channels.
        severity: 1 to 5.
        seed: Seed of the random numbers.
        ids: Number of each image; its random numbers depend on the seed and its id only. None:
            its position in the array.

    Raises:
        ValueError: The severity is unknown.
    """
    if severity not in SEVERITIES:
        raise ValueError(f"severity={severity}: known are {', '.join(map(str, SEVERITIES))}")
    damage, strengths = CORRUPTIONS[name]
    random = RowRandom(seed, range(len(images)) if ids is None else ids)
    return in_range(damage(images, strengths[severity - 1], random))


def in_range(images: np.ndarray) -> np.ndarray:
    """The images as float32, clipped to [0, 1]."""
    return images.clip(0, 1).astype(np.float32)
