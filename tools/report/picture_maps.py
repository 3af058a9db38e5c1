"""Pictures beside their maps, as one PNG: where each is strange, and how strange it is."""

import io
from collections.abc import Sequence

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

SIDE, GAP, CAPTION = 132, 8, 40  # pixels of the page: of a shown picture, around it, of its caption
PER_ROW = 3  # pictures with their maps
_LEAST, _HIGHEST = 2.0, 6.0  # deviations: below nothing is coloured, above all is
_LEAST_SIDE = 224  # pixels of an overlay of its own
_STRENGTH = 0.75  # of the colour where a map is highest


def picture_maps(
    images: np.ndarray,
    maps: np.ndarray,
    frames: Sequence[tuple[int, int, int, int]],
    captions: Sequence[str],
) -> bytes:
    """A page of pictures, each beside its overlaid map and above its caption.

    Args:
        images: uint8 [image, height, width, channel], grey or RGB.
        maps: Standard deviations of normal images at each place [image, height, width].
        frames: top, left, bottom, right of the strangest place of each, in pixels.
        captions: Two lines, or one, below each.

    Returns:
        A PNG file; the same input gives the same bytes.
    """
    rows = -(-len(images) // PER_ROW)
    width, height = 2 * SIDE + 3 * GAP, SIDE + CAPTION + GAP
    page = Image.new("RGB", (PER_ROW * width, rows * height + GAP), "white")
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(size=14)
    for index, (image, map) in enumerate(zip(images, maps, strict=True)):
        left, top = index % PER_ROW * width + GAP, index // PER_ROW * height + GAP
        for shown in (as_rgb(image), overlaid(image, map)):
            scaled = _scaled(shown, frames[index])
            page.paste(scaled, (left, top))
            left += SIDE + GAP
        at = (index % PER_ROW * width + GAP, top + SIDE + 2)
        draw.text(at, captions[index], fill="#333333", font=font)
    png = io.BytesIO()
    page.save(png, format="PNG")
    return png.getvalue()


def overlay_png(image: np.ndarray, map: np.ndarray) -> bytes:
    """`overlaid` as a PNG file, small images enlarged by a whole factor."""
    shown = overlaid(image, map)
    factor = -(-_LEAST_SIDE // max(shown.shape[:2]))
    file = io.BytesIO()
    Image.fromarray(shown.repeat(factor, axis=0).repeat(factor, axis=1)).save(file, format="PNG")
    return file.getvalue()


def overlaid(image: np.ndarray, map: np.ndarray) -> np.ndarray:
    """The image in grey with its map in colour above it: uint8 [height, width, 3].

    The colours mean the same in every picture: none below 2 standard deviations, the brightest from
    6 on.
    """
    strength = np.clip((map - _LEAST) / (_HIGHEST - _LEAST), 0, 1)[..., np.newaxis]
    colour = 255 * matplotlib.colormaps["inferno"](0.35 + 0.65 * strength[..., 0])[..., :3]
    grey = as_rgb(image).mean(axis=2, keepdims=True)
    share = _STRENGTH * np.sqrt(strength)
    return np.rint((1 - share) * grey + share * colour).astype(np.uint8)


def as_rgb(image: np.ndarray) -> np.ndarray:
    """A grey or RGB image as RGB: uint8 [height, width, 3]."""
    return np.broadcast_to(image, (*image.shape[:2], 3))


def _scaled(image: np.ndarray, frame: tuple[int, int, int, int]) -> Image.Image:
    """An RGB image on a square of SIDE pixels, its frame drawn in white and black."""
    factor = SIDE / max(image.shape[:2])
    size = [max(1, round(factor * side)) for side in (image.shape[1], image.shape[0])]
    square = Image.new("RGB", (SIDE, SIDE), "white")
    square.paste(Image.fromarray(np.ascontiguousarray(image)).resize(size, Image.Resampling.BOX))
    top, left, bottom, right = (round(factor * edge) for edge in frame)
    draw = ImageDraw.Draw(square)
    draw.rectangle((left, top, right - 1, bottom - 1), outline="black")
    draw.rectangle((left + 1, top + 1, right - 2, bottom - 2), outline="white")
    return square
