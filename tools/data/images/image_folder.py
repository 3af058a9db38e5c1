"""A folder of png and jpg pictures as one array."""

from pathlib import Path

import numpy as np
from PIL import Image

from tools.errors import InputError
from tools.files.array_files import refuse_large
from tools.files.readers import reading

SUFFIXES = {".png", ".jpg", ".jpeg"}


def read_image_folder(folder: Path) -> np.ndarray:
    """The pictures of a folder and those below it, sorted by path; hidden files are left out.

    Returns:
        uint8 [image, height, width, channel], one channel where all pictures are grey, else three.

    Raises:
        InputError: There is no picture, one is damaged, has transparent parts or more than 8 bits
            a channel, or differs from the first in size or number of channels.
    """
    paths = picture_paths(folder)
    pictures = []
    for path in paths:
        pictures.append(read_picture(path))
        with reading(folder):
            refuse_large(4 * pictures[0].size * len(paths), f"a folder of {len(paths)} pictures")
        if pictures[-1].shape != pictures[0].shape:
            raise InputError(
                f"{paths[0]} is {shape_text(pictures[0].shape)}, but {path} is "
                f"{shape_text(pictures[-1].shape)}; give all pictures one shape"
            )
    return np.stack(pictures)


def shape_text(shape: tuple[int, ...]) -> str:
    """The shape as text, such as 28x28x1."""
    return "x".join(map(str, shape))


def picture_paths(folder: Path) -> list[Path]:
    """The pictures in a folder and below it, sorted; InputError where there is none."""
    with reading(folder):
        paths = [path.relative_to(folder) for path in folder.rglob("*")]
    visible = [path for path in paths if not any(part.startswith(".") for part in path.parts)]
    found = [folder / path for path in sorted(visible) if path.suffix.lower() in SUFFIXES]
    if not found:
        raise InputError(f"{folder} has no png or jpg pictures in it or below it")
    return found


def read_picture(path: Path) -> np.ndarray:
    """uint8 [height, width, channel] with 1 or 3 channels."""
    # No other formats: some of Pillow's start programs.
    with (
        reading(path, Image.DecompressionBombError),
        Image.open(path, formats=["PNG", "JPEG"]) as picture,
    ):
        # Pillow opens 16 bits of colour as 8; the file's own layout is RGB;16B then.
        if picture.mode.startswith(("I", "F")) or ";16" in str(picture.tile):
            raise InputError(f"{path} has more than 8 bits a channel; save it with 8")
        if picture.has_transparency_data and _least_opacity(picture) < 255:
            raise InputError(f"{path} has transparent parts; put it on a background")
        grey = picture.mode in ("1", "L", "LA")
        pixels = np.asarray(picture.convert("L" if grey else "RGB"))
    return pixels[..., np.newaxis] if grey else pixels


def _least_opacity(picture: Image.Image) -> int:
    """Smallest alpha of a pixel; 255: opaque."""
    return int(np.asarray(picture.convert("RGBA"))[..., 3].min())
