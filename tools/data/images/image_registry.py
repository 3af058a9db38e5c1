"""Loads the image sets that a flag can name: named ones, derived ones, or a user's own."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from tools.data.example_set import ExampleSet, choose_rows, digest_of
from tools.data.images.derived_images import FLIPS, NOISES, flip
from tools.data.images.image_datasets import IMAGE_DATASETS
from tools.data.images.image_folder import shape_text
from tools.data.images.own_images import read_own_images
from tools.data.images.preprocessing import as_images
from tools.data.sources.obtain import DataFile, obtain
from tools.errors import InputError
from tools.files.readers import read_data_file

# Made from the images of the training set's test part, or of their shape.
DERIVED = (*FLIPS, *NOISES)


def default_ood_names(train_dataset: str, image_shape: Sequence[int]) -> tuple[str, ...]:
    """Names of the default out-of-distribution sets: known sets of this shape, and derived ones.

    Args:
        train_dataset: Name or path of the training set, which is left out.
        image_shape: Its height, width and channels.
    """
    named = (
        name
        for name, dataset in IMAGE_DATASETS.items()
        if name != train_dataset and dataset.image_shape == tuple(image_shape)
    )
    return (*named, *DERIVED)


def check_dataset_name(flag: str, value: str, split: str = "test") -> None:
    """Raises InputError for a value that is neither a known data set nor an existing path.

    Args:
        flag: The flag's name without dashes.
        value: The flag's value. A known name is never taken as a path; ./mnist is one.
        split: "train": only sets to train on are known; "test": all sets, derived ones too.

    Raises:
        InputError: It names the flag and lists the known sets.
    """
    known = [name for name, dataset in IMAGE_DATASETS.items() if split in dataset.files]
    known += DERIVED if split == "test" else ()
    is_name = value in IMAGE_DATASETS or value in DERIVED
    if value not in known and (is_name or not os.path.exists(os.path.expanduser(value))):
        raise InputError(
            f"--{flag}={value}: no known data set and no path; known are {', '.join(known)}"
        )


def load_images(name_or_path: str | Path, split: str, data_dir: str | Path) -> ExampleSet:
    """All images of a split of a named set or of a user's own data (see `read_own_images`).

    A tenth of own images without a test part, always the same one, is their "test" part.

    Args:
        name_or_path: A name in IMAGE_DATASETS, or an .npz or .npy file or a folder of pictures.
        split: "train" or "test".
        data_dir: Where the named sets' files lie; missing ones are downloaded to it.

    Raises:
        InputError: The data set is unknown, unavailable or damaged.
    """
    if str(name_or_path) in IMAGE_DATASETS:
        return _load_named(str(name_or_path), split, Path(os.path.expanduser(data_dir)))
    return _load_own(name_or_path, split)


def load_labels(name: str, split: str, data_dir: str | Path) -> np.ndarray:
    """The class of each image that `load_images` returns of a named set, int64 [example].

    Raises:
        InputError: The set has no labels, or they cannot be had or are damaged.
    """
    dataset = IMAGE_DATASETS.get(name)
    if dataset is None or split not in dataset.labels:
        known = ", ".join(name for name, dataset in IMAGE_DATASETS.items() if dataset.labels)
        raise InputError(f"{name} has no {split} labels; known are those of {known}")
    file = dataset.labels[split]
    return _read_named(name, file, (file,), Path(os.path.expanduser(data_dir))).astype(np.int64)


def make_ood_set(
    name_or_path: str | Path,
    in_distribution: ExampleSet,
    size: int,
    seed: int,
    data_dir: str | Path,
) -> ExampleSet:
    """The images of an out-of-distribution set to evaluate.

    Args:
        name_or_path: As for `load_images`, or a name in DERIVED. Of own data all images are used,
            or the test part of data that have one.
        in_distribution: The chosen test images of the training set; hflip and vflip mirror all.
        size: How many images to choose without replacement (all of a smaller set), or to make.
        seed: Seed of the choice of rows, or of the noise.
        data_dir: As for `load_images`.

    Raises:
        InputError: As for `load_images`, or the images have another shape than in_distribution.
    """
    name = str(name_or_path)
    image_shape = in_distribution.examples.shape[1:]
    if name in FLIPS:
        return replace(in_distribution, name=name, examples=flip(in_distribution.examples, name))
    if name in NOISES:
        images = NOISES[name]((size, *image_shape), np.random.default_rng(seed))
        return ExampleSet(name, images, np.arange(size), digest_of(images))
    if name in IMAGE_DATASETS:
        example_set = load_images(name, "test", data_dir)
    else:
        example_set = _load_own(name_or_path, split=None)
    if example_set.examples.shape[1:] != image_shape:
        raise InputError(
            f"{name} has images of {shape_text(example_set.examples.shape[1:])}, "
            f"{in_distribution.name} of {shape_text(image_shape)}; they must have one shape"
        )
    return choose_rows(example_set, size, seed)


def _load_named(name: str, split: str, data_dir: Path) -> ExampleSet:
    dataset = IMAGE_DATASETS[name]
    if split not in dataset.files:
        raise InputError(f"{name} has no {split} images, only {', '.join(dataset.files)}")
    file = dataset.files[split]
    array = _read_named(name, file, tuple(dataset.files.values()), data_dir)
    images = as_images(array, str(data_dir / file.path))
    return ExampleSet(name, images, np.arange(len(images)), file.sha256)


def _read_named(
    name: str, file: DataFile, together: Sequence[DataFile], data_dir: Path
) -> np.ndarray:
    """The content of a named set's file; when it is missing, all of `together` are obtained."""
    path = data_dir / file.path
    if not path.exists():
        obtain(name, together, IMAGE_DATASETS[name].sources, data_dir)
    try:
        return read_data_file(path, file.sha256, file.array)
    except InputError as error:
        raise InputError(f"{error}; move the file away to get {name} anew") from error


def _load_own(name_or_path: str | Path, split: str | None) -> ExampleSet:
    path = Path(os.path.abspath(os.path.expanduser(name_or_path)))
    if not os.path.exists(path):
        known = ", ".join(IMAGE_DATASETS)
        raise InputError(f"{name_or_path}: no known data set and no path; known are {known}")
    images, rows = read_own_images(path, split)
    name = path.name if path.is_dir() else path.stem
    return ExampleSet(name, images[rows], rows, digest_of(images))
