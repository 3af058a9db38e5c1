"""Weather. Each function takes images in [0, 1], a strength, and random numbers per image.

All textures are random; none is read from a file.
"""

import numpy as np

from tools.data.corruptions.corruption_blur import gaussian_blur, motion_blur
from tools.run.seeds import RowRandom


def snow(images: np.ndarray, strength: float, random: RowRandom) -> np.ndarray:
    """Whitens the images and lets flakes fall along a line.

    Args:
        images: Images [image, height, width, channel].
        strength: In [0, 1]; sets how white the images become, and how many flakes fall.
        random: Random numbers for the flakes' places and direction.
    """
    draw = random.uniform(0, 1, *images.shape[1:3])[..., np.newaxis]
    flakes = motion_blur((draw < 0.3 * strength).astype(np.float32), 3.0, random)
    whiter = images + 0.5 * strength * (1 - images)
    return whiter + 1.5 * flakes


def frost(images: np.ndarray, strength: float, random: RowRandom) -> np.ndarray:
    """Lays bright ridges, as ice has them, over darkened images."""
    plasma = texture(random, images.shape[1:3], roughness=1.0)
    ridges = (1 - np.abs(2 * plasma - 1))[..., np.newaxis] ** 2
    return (1 - 0.5 * strength) * images + strength * ridges


def fog(images: np.ndarray, strength: float, random: RowRandom) -> np.ndarray:
    """Adds clouds and shrinks the contrast, so that white stays white."""
    clouds = texture(random, images.shape[1:3], roughness=2.0)[..., np.newaxis]
    return (images + strength * clouds) / (1 + strength)


def spatter(images: np.ndarray, strength: float, random: RowRandom) -> np.ndarray:
    """Covers this share of each image with drops of a bright liquid."""
    noise = random.normal(*images.shape[1:3])[..., np.newaxis]
    smooth = gaussian_blur(noise, 1.0)
    height = np.quantile(smooth, 1 - strength, axis=(1, 2), keepdims=True)
    cover = np.clip(4 * (smooth - height) / (smooth.std(axis=(1, 2), keepdims=True) + 1e-6), 0, 1)
    return images + cover * (0.8 - images)


def texture(random: RowRandom, sides: tuple[int, int], roughness: float) -> np.ndarray:
    """Clouds in [0, 1], [image, height, width]: noise whose amplitudes fall with the frequency.

    Args:
        random: Random numbers for the noise.
        sides: Height and width.
        roughness: Exponent of the fall of the amplitudes; larger = smoother.
    """
    frequency = np.hypot(np.fft.fftfreq(sides[0])[:, np.newaxis], np.fft.rfftfreq(sides[1]))
    frequency[0, 0] = np.inf  # no mean
    spectrum = np.fft.rfft2(random.normal(*sides)) / frequency**roughness
    clouds = np.fft.irfft2(spectrum, sides)
    low, high = (end(clouds, axis=(1, 2), keepdims=True) for end in (np.min, np.max))
    return ((clouds - low) / (high - low)).astype(np.float32)
