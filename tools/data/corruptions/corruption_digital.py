"""Digital corruptions: brightness, contrast, JPEG and the like.

Each function takes images in [0, 1], a strength, and random numbers per image.
"""

import io

import numpy as np
from PIL import Image

from tools.data.corruptions.resampling import grid, sample
from tools.run.seeds import RowRandom

LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)  # of red, green and blue


def brightness(images: np.ndarray, added: float, random: RowRandom) -> np.ndarray:
    """Adds a number to every pixel."""
    return images + added


def contrast(images: np.ndarray, factor: float, random: RowRandom) -> np.ndarray:
    """Multiplies the distance to the mean of the image and channel by this factor."""
    means = images.mean(axis=(1, 2), keepdims=True)
    return means + factor * (images - means)


def saturate(images: np.ndarray, factor: float, random: RowRandom) -> np.ndarray:
    """Multiplies the distance to the grey of equal luminance; grey images are overexposed."""
    grey = (images @ LUMINANCE)[..., np.newaxis] if images.shape[-1] == 3 else 0.0
    return grey + factor * (images - grey)


def elastic_transform(images: np.ndarray, pixels: float, random: RowRandom) -> np.ndarray:
    """Moves each pixel by a smooth random field, by at most this many pixels."""
    from scipy.ndimage import gaussian_filter  # here: a quarter of a second for flags to wait

    moves = random.normal(2, *images.shape[1:3])
    moves = gaussian_filter(moves, (0, 0, 3, 3), mode="nearest")
    moves *= pixels / np.abs(moves).max(axis=(1, 2, 3), keepdims=True)
    rows, columns = grid(images)
    return sample(images, rows + moves[:, 0], columns + moves[:, 1])


def pixelate(images: np.ndarray, factor: float, random: RowRandom) -> np.ndarray:
    """Shrinks each channel to this share by averaging over boxes, and enlarges it again."""
    height, width = images.shape[1:3]
    small = int(factor * width), int(factor * height)  # Pillow's order
    pixelated = np.empty(images.shape, np.float32)
    for row, channel in np.ndindex(images.shape[0], images.shape[-1]):
        picture = Image.fromarray(images[row, :, :, channel].astype(np.float32))
        picture = picture.resize(small, Image.Resampling.BOX)
        picture = picture.resize((width, height), Image.Resampling.NEAREST)
        pixelated[row, :, :, channel] = np.asarray(picture)
    return pixelated


def jpeg_compression(images: np.ndarray, quality: int, random: RowRandom) -> np.ndarray:
    """Writes the images as JPEG files of this quality and reads them back."""
    pixels = np.rint(255 * images).astype(np.uint8)
    return np.stack([_through_jpeg(image, quality) for image in pixels])


def _through_jpeg(pixels: np.ndarray, quality: int) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(
        file, "JPEG", quality=quality
    )
    return (np.asarray(Image.open(file), np.float32) / 255).reshape(pixels.shape)
