"""A user's own images: an .npz or .npy file, or a folder of pictures."""

from pathlib import Path

import numpy as np

from tools.data.images.image_folder import read_image_folder
from tools.data.images.preprocessing import as_images
from tools.errors import InputError
from tools.files.readers import npz_names, read_npy, read_npz_array

SPLITS = ("train", "test")


def read_own_images(path: Path, split: str | None) -> tuple[np.ndarray, np.ndarray]:
    """Images of an .npz or .npy file or a folder, as far as they belong to a split.

    An .npz holds them as x, as its only array, or as x_train and x_test; a folder may have the
    subfolders train and test. Of undivided data a tenth, always the same one, is the test part.

    Args:
        path: The file or folder.
        split: "train" or "test"; None: all images (of undivided data) or the test images.

    Returns:
        The source's images, float32 [image, height, width, channel] in [0, 1], and the rows
        int64 [row] of them that are the split's, in ascending order.
    """
    divided, array = _read_array(path, split or "test")
    images = as_images(array, str(path))
    if divided or split is None:
        return images, np.arange(len(images))
    return images, _split_rows(len(images), split, path)


def _read_array(path: Path, split: str) -> tuple[bool, np.ndarray]:
    """Whether the source has train and test parts, and its array of the split."""
    if path.is_dir():
        divided = all((path / name).is_dir() for name in SPLITS)
        return divided, read_image_folder(path / split if divided else path)
    if path.suffix == ".npy":
        return False, read_npy(path)
    if path.suffix == ".npz":
        return _read_npz_split(path, split)
    raise InputError(f"{path} is no .npz or .npy file and no folder of png or jpg pictures")


def _read_npz_split(path: Path, split: str) -> tuple[bool, np.ndarray]:
    names = npz_names(path)
    if {"x_train", "x_test"} <= set(names):
        return True, read_npz_array(path, f"x_{split}")
    if "x" in names:
        return False, read_npz_array(path, "x")
    if len(names) == 1:
        return False, read_npz_array(path, names[0])
    raise InputError(
        f"{path} has the arrays {', '.join(names) or '(none)'}; "
        "call the images x, or x_train and x_test"
    )


def _split_rows(count: int, split: str, path: Path) -> np.ndarray:
    """The rows of one split: a tenth is for testing, the rest for training."""
    test_size = max(count // 10, 1)
    if count == 1:
        raise InputError(f"{path} has one image; at least two are needed, one of them for testing")
    order = np.random.default_rng(0).permutation(count)
    return np.sort({"test": order[:test_size], "train": order[test_size:]}[split])
