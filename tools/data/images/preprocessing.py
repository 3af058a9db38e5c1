"""Turns arrays of any numeric type into images in [0, 1], and checks them."""

from collections.abc import Sequence

import numpy as np

from tools.errors import InputError


def as_images(array: np.ndarray, source: str) -> np.ndarray:
    """The array as images.

    Args:
        array: [image, height, width] or [image, height, width, channel] with 1 or 3 channels;
            uint8, bool (as 0 and 1), or floats in [0, 1].
        source: The file or folder, for messages.

    Returns:
        float32 [image, height, width, channel] in [0, 1].

    Raises:
        InputError: The shape, the type or a number in the array is another.
    """
    if array.size == 0:
        raise InputError(f"{source} is empty: its shape is {array.shape}")
    if array.ndim == 3 and array.shape[-1] not in (1, 3):  # else it is one image, not many
        array = array[..., np.newaxis]
    if array.ndim != 4 or array.shape[-1] not in (1, 3):
        raise InputError(
            f"{source} has the shape {array.shape}; images have [image, height, width] or "
            "[image, height, width, channel] with 1 or 3 channels"
        )
    if array.dtype == np.uint8:
        return np.divide(array, np.float32(255), dtype=np.float32, order="C")
    if array.dtype.kind == "f":
        _check_floats(array, source)
    elif array.dtype != np.bool_:
        raise InputError(
            f"{source} holds {array.dtype}; convert it to uint8 (0 to 255) or float32 (0 to 1)"
        )
    return np.ascontiguousarray(array, np.float32)


def _check_floats(array: np.ndarray, source: str) -> None:
    low, high = array.min(), array.max()  # NaN where the array holds one
    if low >= 0 and high <= 1:
        return
    bad_images = np.flatnonzero(np.isnan(array).any(axis=(1, 2, 3)))
    if len(bad_images):
        raise InputError(
            f"{source} has NaN in {len(bad_images)} of {len(array)} images, "
            f"first in row {bad_images[0]}; leave them out"
        )
    raise InputError(
        f"{source} holds numbers from {low:.8g} to {high:.8g}; floats must lie in [0, 1]: "
        "scale them, or save 0 to 255 as uint8"
    )


def check_image_shape(name: str, image_shape: Sequence[int]) -> None:
    """Raises InputError for image shapes that the convolutions cannot take.

    Args:
        name: What has such images, for the message.
        image_shape: Height, width, channels.
    """
    height, width, channels = image_shape
    if height != width or height % 4 or height < 28:
        raise InputError(
            f"{name} has {height}x{width}x{channels} images; the networks take square ones with a "
            "side of 28 pixels or more that is a multiple of 4"
        )
