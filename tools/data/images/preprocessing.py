"""Turns arrays of any numeric type into images in [0, 1], and checks them."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tools.data.images.byte_images import as_floats
from tools.errors import InputError

_LOG = logging.getLogger(__name__)
LEAST_SIDE, SIDE_STEP = 28, 4  # of the images that the convolutions take
FITS = ("stretch", "crop", "pad")  # the first is the default: a defect may be at the border
Range = tuple[float, float]
_BYTES, _UNIT, _SIGNED = (0.0, 255.0), (0.0, 1.0), (-1.0, 1.0)


@dataclass(frozen=True)
class ReadOptions:
    """How a user's images are read.

    Attributes:
        image_size: Side in pixels that images are brought to; 0: the pictures' own, or 64.
        fit: How another aspect ratio is met, one of FITS.
        value_range: Numbers in an array that stand for black and white; None: found.
        remembered: The range of the run's own arrays of numbers, which further ones must have too;
            None: they were bytes or pictures.
        channels_first: Whether arrays are [image, channel, height, width]; else it is found.
        strict: Whether a broken picture is an error, and not left out.
        finds: Whether value range and order of axes are found where there is no doubt; else floats
            are in [0, 1] and channels come last.
    """

    image_size: int = 0
    fit: str = FITS[0]
    value_range: Range | None = None
    channels_first: bool = False
    strict: bool = False
    finds: bool = True
    remembered: Range | None = None


FOUND = ReadOptions()
AS_THEY_ARE = ReadOptions(finds=False)


def as_images(array: np.ndarray, source: str, options: ReadOptions = AS_THEY_ARE) -> np.ndarray:
    """The array as images; see `images_and_range`."""
    return images_and_range(array, source, options)[0]


def images_and_range(
    array: np.ndarray, source: str, options: ReadOptions
) -> tuple[np.ndarray, Range | None]:
    """The array as images, and the numbers that stood for black and white.

    Args:
        array: [image, height, width], [image, height, width, channel] or [image, channel, height,
            width] with 1 or 3 channels; whole numbers up to 255, bool (as 0 and 1), or floats in
            [0, 1]; floats in [0, 255] or [-1, 1] where there is no doubt.
        source: The file or folder, for messages.
        options: Value range and order of the axes, where they are known.

    Returns:
        float32 [image, height, width, channel] in [0, 1]; the range, None of bytes and of bool,
        which leave no doubt.

    Raises:
        InputError: The shape, the type or a number in the array is another.
    """
    array = _channels_last(array, source, options)
    if array.dtype == np.uint8 and options.value_range in (None, _BYTES):  # as most are
        return as_floats(array), None
    if array.dtype == np.bool_:
        return np.ascontiguousarray(array, np.float32), None
    if array.dtype.kind not in ("fiu" if options.finds or options.value_range else "f"):
        raise InputError(
            f"{source} holds {array.dtype}; convert it to uint8 (0 to 255) or float32 (0 to 1)"
        )
    found = low, high = value_range(array, source, options)
    if found != _UNIT:
        array = (array - np.float32(low)) / np.float32(high - low)
    return np.ascontiguousarray(array, np.float32), found


def value_range(array: np.ndarray, source: str, options: ReadOptions) -> Range:
    """The numbers that stand for black and white; logs a line where they were found.

    Raises:
        InputError: A number is outside the range that was asked for, or the range is in doubt.
    """
    low, high = array.min(), array.max()  # NaN where the array holds one
    if options.value_range:
        black, white = options.value_range
        if not (low >= black and high <= white):
            _refuse_nan(array, source)
            raise InputError(
                f"{source} holds numbers from {low:.8g} to {high:.8g}, beyond"
                f" --value_range={black:g},{white:g}"
            )
        return options.value_range
    if options.remembered:
        _check_remembered(array, source, options.remembered)
        return options.remembered
    if array.dtype.kind == "f" and low >= 0 and high <= 1:
        return _UNIT
    _refuse_nan(array, source)
    if not options.finds:
        raise InputError(
            f"{source} holds {array.dtype} numbers from {low:.8g} to {high:.8g}; floats must lie in"
            " [0, 1]: scale them, or save 0 to 255 as uint8"
        )
    if found := _found_range(array, low, high):
        black, white = found
        if array.dtype.kind == "f":
            words = "%s: numbers from %.3g to %.3g are taken as %g (black) to %g (white)"
            _LOG.info(words, source, low, high, black, white)
        return found
    raise InputError(
        f"{source} holds {array.dtype} numbers from {low:.8g} to {high:.8g}, which are neither 0 to"
        " 1 nor 0 to 255: say which are black and white with --value_range=LOW,HIGH"
    )


def _check_remembered(array: np.ndarray, source: str, remembered: Range) -> None:
    """Raises InputError for numbers beyond the range of the run's images, or of another one."""
    low, high = array.min(), array.max()
    black, white = remembered
    found = _found_range(array, low, high) if low < high else remembered
    if low >= black and high <= white and found in (None, remembered):
        return
    _refuse_nan(array, source)
    raise InputError(
        f"{source} holds numbers from {low:.8g} to {high:.8g}; in the run's own images {black:g}"
        f" was black and {white:g} white: scale them so, or say with --value_range=LOW,HIGH which"
        " these are"
    )


def _found_range(array: np.ndarray, low: float, high: float) -> Range | None:
    """The range that the numbers leave no doubt of, if there is one."""
    if array.dtype.kind == "f" and low >= 0 and high <= 1:
        return _UNIT
    if low >= 0 and 1 < high <= 255:
        is_whole = array.dtype.kind != "f" or bool((array == np.rint(array)).all())
        return _BYTES if is_whole or high > 127 else None
    if array.dtype.kind != "f":
        return _BYTES if low >= 0 and high <= 255 else None
    return _SIGNED if -1 <= low < -0.5 and 0.5 < high <= 1 else None


def _channels_last(array: np.ndarray, source: str, options: ReadOptions) -> np.ndarray:
    if array.size == 0:
        raise InputError(f"{source} is empty: its shape is {array.shape}")
    if array.ndim == 3 and array.shape[-1] not in (1, 3):  # else it is one image, not many
        array = array[..., np.newaxis]
    if array.ndim == 4 and array.shape[1] in (1, 3):
        if options.channels_first:
            return np.moveaxis(array, 1, -1)
        if options.finds and array.shape[-1] not in (1, 3):  # the order is beyond doubt
            _LOG.info("%s: the shape %s is [image, channel, height, width]", source, array.shape)
            return np.moveaxis(array, 1, -1)
    if array.ndim != 4 or array.shape[-1] not in (1, 3) or options.channels_first:
        raise InputError(
            f"{source} has the shape {array.shape}; images have [image, height, width] or [image,"
            " height, width, channel] with 1 or 3 channels, or with --channels_first [image,"
            " channel, height, width]"
        )
    return array


def _refuse_nan(array: np.ndarray, source: str) -> None:
    bad_images = np.flatnonzero(np.isnan(array).any(axis=(1, 2, 3)))
    if len(bad_images):
        raise InputError(
            f"{source} has NaN in {len(bad_images)} of {len(array)} images, "
            f"first in row {bad_images[0]}; leave them out"
        )


def shape_text(shape: Sequence[int]) -> str:
    """The shape as text, such as 28x28x1."""
    return "x".join(map(str, shape))


def suits_networks(height: int, width: int) -> bool:
    """Whether the convolutions take images of this size."""
    return height == width and height >= LEAST_SIDE and height % SIDE_STEP == 0


def check_image_shape(name: str, image_shape: Sequence[int]) -> None:
    """Raises InputError for image shapes that the convolutions cannot take.

    Args:
        name: What has such images, for the message.
        image_shape: Height, width, channels.
    """
    if not suits_networks(*image_shape[:2]):
        raise InputError(
            f"{name} has {shape_text(image_shape)} images; the networks take square ones with a"
            f" side of {LEAST_SIDE} pixels or more that is a multiple of {SIDE_STEP}:"
            " --image_size=64 makes them so"
        )
