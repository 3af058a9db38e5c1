"""Folders of small pictures, as people have them."""

from pathlib import Path

import numpy as np
from PIL import Image


def picture(seed: int = 0, size: tuple[int, int] = (32, 32), mode: str = "RGB") -> Image.Image:
    """A picture of random blocks, of width and height `size`."""
    rng = np.random.default_rng(seed)
    blocks = Image.fromarray(rng.integers(0, 256, (4, 4, 3), np.uint8))
    return blocks.resize(size, Image.Resampling.NEAREST).convert(mode)


def write_pictures(
    folder: Path, count: int, *, start: int = 0, ending: str = "png", **look
) -> Path:
    """Writes 000.png, 001.png, ...; each differs from all others by its number."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(start, start + count):
        picture(number, **look).save(folder / f"{number:03d}.{ending}")
    return folder
