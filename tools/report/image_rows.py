"""Rows of small images under titles, as one PNG."""

import io
from collections.abc import Mapping

import numpy as np
from PIL import Image, ImageDraw, ImageFont

COLUMNS, GAP = 8, 2  # images beside each other, pixels of the images between them
LEAST_WIDTH, TITLE_HEIGHT = 720, 34  # pixels of the page


def image_rows(blocks: Mapping[str, np.ndarray]) -> bytes:
    """A page of images, each shown in whole pixels; the same input gives the same bytes.

    Args:
        blocks: {title: uint8 [image, height, width, channel], grey or RGB}, from top to bottom.
    """
    pages = {title: _page(images) for title, images in blocks.items()}
    width = max(page.width for page in pages.values())
    height = sum(TITLE_HEIGHT + page.height for page in pages.values())
    whole = Image.new("RGB", (width, height), "white")
    draw, font, top = ImageDraw.Draw(whole), ImageFont.load_default(size=20), 0
    for title, page in pages.items():
        draw.text((0, top + 4), title, fill="#333333", font=font)
        whole.paste(page, (0, top + TITLE_HEIGHT))
        top += TITLE_HEIGHT + page.height
    png = io.BytesIO()
    whole.save(png, format="PNG")
    return png.getvalue()


def _page(images: np.ndarray) -> Image.Image:
    """The images, enlarged by a whole factor."""
    tiles = _tiled(images)
    factor = -(-LEAST_WIDTH // tiles.shape[1])
    return Image.fromarray(np.kron(tiles, np.ones((factor, factor, 1), np.uint8)))


def _tiled(images: np.ndarray) -> np.ndarray:
    """Images in reading order on a white page: uint8 [height, width, 3]."""
    n, height, width, _ = images.shape
    rows = -(-n // COLUMNS)
    page = np.full((rows, height + GAP, COLUMNS, width + GAP, 3), 255, np.uint8)
    for index, image in enumerate(images):
        page[index // COLUMNS, :height, index % COLUMNS, :width] = image
    return page.reshape(rows * (height + GAP), COLUMNS * (width + GAP), 3)
