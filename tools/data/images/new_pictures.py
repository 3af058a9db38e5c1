"""New pictures to score: a folder, one picture, or an array; a broken file costs itself alone."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tools.data.images.image_folder import picture_paths, read_picture, shape_text
from tools.data.images.own_images import read_own_images
from tools.errors import InputError


class NewPictures(NamedTuple):
    """Pictures in the order of their names.

    Attributes:
        names: Path below the folder, or number in the array, of each picture.
        images: float32 [image, height, width, channel] in [0, 1] of those that could be read.
        problems: Why a picture could not be read, text [picture]; "" if it could.
    """

    names: Sequence[str]
    images: np.ndarray
    problems: Sequence[str]


def picture_parts(source: Path, shape: Sequence[int], size: int) -> Iterator[NewPictures]:
    """Yields the pictures of a folder, a file or an array, `size` at a time.

    Args:
        source: A folder with pictures in it or below it, one picture, an .npz or an .npy.
        shape: Height, width, channels of the run's images.
        size: Number of pictures in a part.

    Raises:
        InputError: There is nothing to read, or an array's images have another shape.
    """
    if source.suffix in (".npz", ".npy"):
        images, rows = read_own_images(source, None)
        _check_shape(str(source), images.shape[1:], shape)
        for start in range(0, len(rows), size):
            part = rows[start : start + size]
            yield NewPictures([str(row) for row in part], images[part], [""] * len(part))
        return
    folder, paths = (
        (source, picture_paths(source)) if source.is_dir() else (source.parent, [source])
    )
    for start in range(0, len(paths), size):
        yield _read(paths[start : start + size], folder, shape)


def _read(paths: Sequence[Path], folder: Path, shape: Sequence[int]) -> NewPictures:
    found, problems = [], []
    for path in paths:
        try:
            picture = read_picture(path)
            _check_shape("it", picture.shape, shape)
        except InputError as error:
            problems.append(str(error))
            continue
        found.append(picture)
        problems.append("")
    images = np.stack(found) if found else np.empty((0, *shape), np.uint8)
    names = [path.relative_to(folder).as_posix() for path in paths]
    return NewPictures(names, np.divide(images, np.float32(255), dtype=np.float32), problems)


def _check_shape(name: str, shape: Sequence[int], wanted: Sequence[int]) -> None:
    if tuple(shape) != tuple(wanted):
        raise InputError(
            f"{name} is {shape_text(tuple(shape))}, and the run's images are"
            f" {shape_text(tuple(wanted))}"
        )
