"""Perturbations of images that grow step by step, of the kinds of ImageNet-P.

Hendrycks and Dietterich 2019, https://arxiv.org/abs/1903.12261. Step 0 is the image itself; all
steps of a sequence share their random numbers, so that one thing changes only.
"""

from collections.abc import Callable, Iterator

import numpy as np

from tools.data.corruptions import corruption_blur as blur
from tools.data.corruptions import corruption_digital as digital
from tools.data.corruptions import corruption_noise as noise
from tools.data.corruptions import corruption_weather as weather
from tools.data.corruptions.corruption_kinds import in_range
from tools.data.corruptions.resampling import enlarged, linear_map
from tools.run.seeds import RowIds, RowRandom

STEPS = 30
# From images, the share of the whole way in (0, 1], and random numbers, to images.
Perturbation = Callable[[np.ndarray, float, RowRandom], np.ndarray]


def _shear(images: np.ndarray, share: float) -> np.ndarray:
    return linear_map(images, np.array([[1, 0], [0.5 * share, 1]]))


def _rotate(images: np.ndarray, share: float) -> np.ndarray:
    angle = np.deg2rad(45) * share
    cosine, sine = np.cos(angle), np.sin(angle)
    return linear_map(images, np.array([[cosine, -sine], [sine, cosine]]))


def _tilt(images: np.ndarray, share: float) -> np.ndarray:
    """Turns the picture out of its plane by up to 60 degrees: its height shrinks."""
    return linear_map(images, np.diag([1 / np.cos(np.deg2rad(60) * share), 1]))


PERTURBATIONS: dict[str, Perturbation] = {
    "gaussian_noise": lambda images, share, random: noise.gaussian_noise(
        images, 0.3 * share, random
    ),
    "shot_noise": lambda images, share, random: noise.shot_noise(images, 10 / share, random),
    "speckle_noise": lambda images, share, random: noise.speckle_noise(images, 0.6 * share, random),
    "motion_blur": lambda images, share, random: blur.motion_blur(images, 9 * share, random),
    "zoom_blur": lambda images, share, random: blur.zoom_blur(images, 1 + 0.5 * share, random),
    "gaussian_blur": lambda images, share, random: blur.gaussian_blur(images, 2.5 * share),
    "snow": lambda images, share, random: weather.snow(images, 0.8 * share, random),
    "brightness": lambda images, share, random: digital.brightness(images, 0.6 * share, random),
    "spatter": lambda images, share, random: weather.spatter(images, 0.5 * share, random),
    "translate": lambda images, share, random: linear_map(images, np.eye(2), (0, 10 * share)),
    "rotate": lambda images, share, random: _rotate(images, share),
    "tilt": lambda images, share, random: _tilt(images, share),
    "scale": lambda images, share, random: enlarged(images, 1 - 0.5 * share),
    "shear": lambda images, share, random: _shear(images, share),
}


def perturbed(
    name: str, images: np.ndarray, *, seed: int, ids: RowIds | None = None
) -> Iterator[np.ndarray]:
    """The steps 0 to STEPS of a sequence, each float32 [image, height, width, channel] in [0, 1].

    Args:
        name: Key of PERTURBATIONS.
        images: [image, height, width, channel] in [0, 1].
        seed: Seed of the random numbers.
        ids: Number of each image, as for `corrupt`.
    """
    ids = range(len(images)) if ids is None else ids
    yield in_range(images)
    for step in range(1, STEPS + 1):
        yield in_range(PERTURBATIONS[name](images, step / STEPS, RowRandom(seed, ids)))
