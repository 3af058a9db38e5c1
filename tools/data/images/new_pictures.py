"""New pictures to score: a folder, one picture, or an array; a broken file costs itself alone."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tools.data.images.byte_images import as_floats
from tools.data.images.image_folder import picture_paths, pictures_or_faults
from tools.data.images.own_images import own_set
from tools.data.images.picture_files import PictureForm
from tools.data.images.preprocessing import ReadOptions
from tools.errors import InputError

PICTURES = 2_000  # read and scored at a time


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


def picture_parts(
    source: Path, form: PictureForm, options: ReadOptions, size: int = PICTURES
) -> Iterator[NewPictures]:
    """Yields the pictures of a folder, a file or an array, `size` at a time.

    Args:
        source: A folder with pictures in it or below it, one picture, an .npz or an .npy.
        form: The form of the run's images, which the pictures are brought to.
        options: How the run's images were read.
        size: Number of pictures in a part.

    Raises:
        InputError: There is nothing to read, or the array is damaged.
    """
    if source.suffix in (".npz", ".npy"):
        images = own_set(source, form, options).examples
        for start in range(0, len(images), size):
            rows = range(start, min(start + size, len(images)))
            yield NewPictures(
                list(map(str, rows)), images[rows.start : rows.stop], [""] * len(rows)
            )
        return
    folder, paths = (
        (source, picture_paths(source)) if source.is_dir() else (source.parent, [source])
    )
    for start in range(0, len(paths), size):
        yield read_new_pictures(paths[start : start + size], folder, form)


def read_new_pictures(paths: Sequence[Path], folder: Path, form: PictureForm) -> NewPictures:
    """Reads picture files, whatever they are called; their names are relative to a folder."""
    found = pictures_or_faults(paths, form)
    images = [image for image in found if not isinstance(image, InputError)]
    problems = [str(image) if isinstance(image, InputError) else "" for image in found]
    stacked = np.stack(images) if images else np.empty((0, *form.shape), np.uint8)
    names = [path.relative_to(folder).as_posix() for path in paths]
    return NewPictures(names, as_floats(stacked), problems)
