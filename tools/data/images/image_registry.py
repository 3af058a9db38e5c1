"""Loads the image sets that a flag can name: named ones, derived ones, or a user's own."""

import logging
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from tools.data.example_set import ExampleSet, choose_rows, digest_of
from tools.data.images.derived_images import FLIPS, NOISES, flip
from tools.data.images.image_datasets import IMAGE_DATASETS
from tools.data.images.own_images import (
    SPLITS,
    Choice,
    ImageParts,
    divided,
    in_form,
    own_parts,
    own_set,
    own_test_parts,
    sized,
)
from tools.data.images.picture_files import form_of_shape
from tools.data.images.preprocessing import FOUND, ReadOptions, as_images
from tools.data.images.tfds_images import (
    has_test_split,
    is_tfds,
    tfds_form,
    tfds_images,
    tfds_name,
)
from tools.data.sources.obtain import DataFile, obtain
from tools.errors import InputError
from tools.files.readers import read_data_file

_LOG = logging.getLogger(__name__)
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
        if name != train_dataset
        and dataset.by_default
        and dataset.image_shape == tuple(image_shape)
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
    if is_tfds(value):
        tfds_name(value)
        return
    is_name = value in IMAGE_DATASETS or value in DERIVED
    if value not in known and (is_name or not os.path.exists(os.path.expanduser(value))):
        raise InputError(
            f"--{flag}={value}: no known data set and no path; known are {', '.join(known)}, and"
            " tfds:NAME for those of TensorFlow Datasets"
        )


def load_images(
    name_or_path: str | Path,
    split: str,
    data_dir: str | Path,
    options: ReadOptions = FOUND,
) -> ExampleSet:
    """All images of a split of a named set or of a user's own data (see `own_parts`).

    A tenth of own images without a test part, always the same one, is their "test" part.

    Args:
        name_or_path: A name in IMAGE_DATASETS, or an .npz or .npy file or a folder of pictures.
        split: "train" or "test".
        data_dir: Where the named sets' files lie; missing ones are downloaded to it.
        options: How own images are read.

    Raises:
        InputError: The data set is unknown, unavailable or damaged.
    """
    if str(name_or_path) in IMAGE_DATASETS:
        return _load_named(str(name_or_path), split, _expanded(data_dir))
    everything = Choice(sys.maxsize, lambda part: 0)
    parts = own_parts(_own_path(name_or_path), options, everything, whole=False, cache=None)
    found = {"train": parts.train, "test": parts.test}[split]
    assert found is not None  # undivided data were divided
    return found


def load_parts(
    name_or_path: str,
    data_dir: str,
    options: ReadOptions,
    choice: Choice,
    *,
    whole: bool,
    cache: Path | None,
) -> ImageParts:
    """The images of a source to train on and to test on, and the anomalies beside them.

    Args:
        name_or_path: As for `load_images`.
        data_dir: As for `load_images`.
        options: How images are read.
        choice: Which test images and anomalies are read.
        whole: Whether all images of undivided own data are for training.
        cache: Folder for decoded pictures; see `read_pictures`.

    Raises:
        InputError: As for `load_images`.
    """
    if is_tfds(name_or_path):
        return _tfds_parts(name_or_path, _expanded(data_dir), options, choice, whole=whole)
    if name_or_path not in IMAGE_DATASETS:
        path = _own_path(name_or_path)
        return own_parts(path, options, choice, whole=whole, cache=cache)
    train, test = (_load_named(name_or_path, split, _expanded(data_dir)) for split in SPLITS)
    train, test = sized(train, options), sized(test, options)
    return ImageParts(train, choose_rows(test, choice.size, choice.seed_of("test")))


def load_test_parts(
    name_or_path: str, training: ExampleSet, data_dir: str, options: ReadOptions, choice: Choice
) -> ImageParts:
    """The images of --test_dataset, in the shape of the training images.

    Returns:
        Normal test images, as the part `train` and under the training set's name, and anomalies.

    Raises:
        InputError: As for `load_images`.
    """
    form = form_of_shape(training.examples.shape[1:], options.fit)
    if is_tfds(name_or_path):
        folder, seed = _expanded(data_dir), choice.seed_of("test")
        parts = ImageParts(
            tfds_images(name_or_path, "test", form, folder, size=choice.size, seed=seed)
        )
    elif name_or_path in IMAGE_DATASETS:
        test = in_form(_load_named(name_or_path, "test", _expanded(data_dir)), form)
        parts = ImageParts(choose_rows(test, choice.size, choice.seed_of("test")))
    else:
        parts = own_test_parts(_own_path(name_or_path), form, options, choice)
    return replace(parts, train=replace(parts.train, name=training.name))


def load_labels(name: str, split: str, data_dir: str | Path) -> np.ndarray:
    """The class of each image that `load_images` returns of a named set, int64 [example].

    Raises:
        InputError: The set has no labels, or they cannot be had or are damaged.
    """
    dataset = IMAGE_DATASETS.get(name)
    if dataset is None or split not in dataset.labels:
        known = ", ".join(name for name, dataset in IMAGE_DATASETS.items() if dataset.labels)
        raise InputError(f"{name} has no {split} labels; known are those of {known}")
    file, data_dir = dataset.labels[split], _expanded(data_dir)
    images = dataset.file(split, data_dir)
    if images != dataset.files[split]:
        raise InputError(f"{name} has only a part of its images in {data_dir}; move it away")
    return _read_named(name, file, split, data_dir).astype(np.int64)


def make_ood_set(
    name_or_path: str | Path,
    in_distribution: ExampleSet,
    size: int,
    seed: int,
    data_dir: str | Path,
    options: ReadOptions = FOUND,
) -> ExampleSet:
    """The images of a set to evaluate, in the shape of the in-distribution images.

    Args:
        name_or_path: As for `load_images`, or a name in DERIVED. Of own data all images are used,
            or the test part of data that have one.
        in_distribution: The chosen test images of the training set; hflip and vflip mirror all.
        size: How many images to choose without replacement (all of a smaller set), or to make.
        seed: Seed of the choice of rows, or of the noise.
        data_dir: As for `load_images`.
        options: How own images are read.

    Raises:
        InputError: As for `load_images`.
    """
    name = str(name_or_path)
    image_shape = in_distribution.examples.shape[1:]
    if name in FLIPS:
        flipped = flip(in_distribution.examples, name)
        return replace(in_distribution, name=name, examples=flipped, left_out={})
    if name in NOISES:
        images = NOISES[name]((size, *image_shape), np.random.default_rng(seed))
        return ExampleSet(name, images, np.arange(size), digest_of(images))
    form = form_of_shape(image_shape, options.fit)
    if is_tfds(name):
        return tfds_images(name, "test", form, _expanded(data_dir), size=size, seed=seed)
    if name in IMAGE_DATASETS:
        return in_form(choose_rows(load_images(name, "test", data_dir), size, seed), form)
    return own_set(_own_path(name_or_path), form, options, size=size, seed=seed)


def _load_named(name: str, split: str, data_dir: Path) -> ExampleSet:
    dataset = IMAGE_DATASETS[name]
    if split not in dataset.files:
        raise InputError(f"{name} has no {split} images, only {', '.join(dataset.files)}")
    file = dataset.file(split, data_dir)
    if file != dataset.files[split]:
        words = "%s: %s has only the first of its %s images; move it away to get all"
        _LOG.info(words, name, data_dir / file.path, split)
    array = _read_named(name, file, split, data_dir)
    images = as_images(array, str(data_dir / file.path))
    return ExampleSet(name, images, np.arange(len(images)), file.sha256 or digest_of(images))


def _read_named(name: str, file: DataFile, split: str, data_dir: Path) -> np.ndarray:
    """The content of a named set's file; when it is missing, it is obtained."""
    path, dataset = data_dir / file.path, IMAGE_DATASETS[name]
    if not path.exists():
        sources = dataset.by_split.get(split, dataset.sources)
        # Sources of the whole set have all files at once.
        is_label = file in dataset.labels.values()
        together = (file,) if dataset.by_split or is_label else tuple(dataset.files.values())
        obtain(name, together, sources, data_dir)
    try:
        return read_data_file(path, file.sha256, file.array)
    except InputError as error:
        raise InputError(f"{error}; move the file away to get {name} anew") from error


def _tfds_parts(
    text: str, data_dir: Path, options: ReadOptions, choice: Choice, *, whole: bool
) -> ImageParts:
    """A set of TensorFlow Datasets: its split for testing, or a tenth of the one for training."""
    form = tfds_form(text, options, data_dir)
    train = tfds_images(text, "train", form, data_dir)
    seed = choice.seed_of("test")
    if has_test_split(text, data_dir):
        return ImageParts(
            train, tfds_images(text, "test", form, data_dir, size=choice.size, seed=seed)
        )
    if whole:
        return ImageParts(train)
    train, test = divided(train, text, choice)
    return ImageParts(train, choose_rows(test, choice.size, seed))


def _own_path(name_or_path: str | Path) -> Path:
    path = Path(os.path.abspath(os.path.expanduser(name_or_path)))
    if not os.path.exists(path):
        known = ", ".join(IMAGE_DATASETS)
        raise InputError(f"{name_or_path}: no known data set and no path; known are {known}")
    return path


def _expanded(data_dir: str | Path) -> Path:
    return Path(os.path.expanduser(data_dir))
