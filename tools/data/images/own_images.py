"""A user's own images: an .npz or .npy file, a picture, or a folder of pictures."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
from PIL import Image

from tools.data.example_set import ExampleSet, choose_rows, digest_of, drawn_rows
from tools.data.images.byte_images import ByteImages, as_floats
from tools.data.images.copies import copy_groups, kept_together
from tools.data.images.folder_layout import TEST, TRAIN, all_pictures, folder_layout
from tools.data.images.image_folder import form_of, read_pictures
from tools.data.images.picture_files import SUFFIXES, PictureForm, as_form
from tools.data.images.preprocessing import ReadOptions, images_and_range, shape_text
from tools.errors import InputError
from tools.files.readers import npz_names, read_npy, read_npz_array

_LOG = logging.getLogger(__name__)
SPLITS = (TRAIN, TEST)
_LARGE = 1 << 26  # bytes that stay bytes until they are read


@dataclass(frozen=True)
class Choice:
    """Which images of a set are evaluated.

    Attributes:
        size: The most images of a set.
        seed_of: From a part, TEST or a kind of anomaly, to the seed by which they are drawn.
        groups_of: From a set to the number of a group for each image, which is not divided
            between training and test.
    """

    size: int
    seed_of: Callable[[str], int]
    groups_of: Callable[[ExampleSet], np.ndarray] = lambda images: copy_groups(images.examples)


@dataclass(frozen=True)
class ImageParts:
    """The images of one source by what they are for.

    Attributes:
        train: Normal images to train on.
        test: Normal images to test on; None: there are none apart.
        kinds: Anomalies, a set for each kind.
    """

    train: ExampleSet
    test: ExampleSet | None = None
    kinds: tuple[ExampleSet, ...] = ()


def own_parts(
    path: Path, options: ReadOptions, choice: Choice, *, whole: bool, cache: Path | None
) -> ImageParts:
    """The images of a file or folder to train on and to test on, and the anomalies beside them.

    An .npz holds them as x, as its only array, or as x_train and x_test; the layouts of folders are
    those of `folder_layout`.

    Args:
        path: The file or folder.
        options: How images are read.
        choice: Which test images and anomalies are read.
        whole: Whether all images of undivided data are for training. Else a tenth, always the same
            one, is the test part; images of a group are in one part.
        cache: Folder for decoded pictures; see `read_pictures`.

    Raises:
        InputError: There are no such images, or they are damaged.
    """
    if path.is_dir():
        parts = _folder_parts(path, options, choice, cache)
    else:
        parts = _array_parts(path, options, choice)
    if parts.test is not None or whole:
        return parts
    train, test = divided(parts.train, str(path), choice)
    return replace(parts, train=train, test=choose_rows(test, choice.size, choice.seed_of(TEST)))


def own_set(
    path: Path,
    form: PictureForm,
    options: ReadOptions,
    *,
    size: int | None = None,
    seed: int = 0,
) -> ExampleSet:
    """All images of a file or folder, or those of its test part, in a form.

    Args:
        path: An .npz or .npy file, one picture, or a folder of pictures.
        form: The form that they are brought to.
        options: How images are read.
        size: The most images, drawn without replacement; None: all.
        seed: Seed of the draw.

    Returns:
        The images; `paths` names those of pictures, `left_out` tells which are broken and why.

    Raises:
        InputError: There is no image, or an array is damaged.
    """
    if path.is_dir() or path.suffix.lower() in SUFFIXES:
        paths, folder = ([path], path.parent) if path.is_file() else (all_pictures(path), path)
        return _pictures(paths, folder, form, options, size=size, seed=seed)
    _, array = _read_array(path, TEST)
    found = in_form(_array_set(array, path, options), form)
    return found if size is None else choose_rows(found, size, seed).in_memory()


def own_test_parts(
    path: Path, form: PictureForm, options: ReadOptions, choice: Choice
) -> ImageParts:
    """The images of a file or folder that are for testing only: normal ones, and anomalies.

    Returns:
        The normal images as the part `train`; those of a folder are chosen by `folder_layout`.

    Raises:
        InputError: As for `own_set`.
    """
    if not path.is_dir():
        return ImageParts(own_set(path, form, options, size=choice.size, seed=choice.seed_of(TEST)))
    layout, chosen = folder_layout(path), partial(_chosen, path, form, options, choice)
    kinds = (replace(chosen(kind, paths), name=kind) for kind, paths in layout.kinds.items())
    return ImageParts(chosen(TEST, layout.test or layout.train), kinds=tuple(kinds))


def in_form(images: ExampleSet, form: PictureForm) -> ExampleSet:
    """The set in a form; logs a line where it had another one."""
    shape = images.examples.shape[1:]
    if shape == form.shape:
        return images
    _LOG.info("%s: %s images become %s", images.name, *map(shape_text, (shape, form.shape)))
    resized = np.empty((len(images), *form.shape), np.uint8)
    for row in range(len(images)):
        pixels = np.rint(255 * images.examples[row]).astype(np.uint8)
        resized[row] = as_form(
            Image.fromarray(pixels.squeeze(-1) if shape[2] == 1 else pixels), form
        )
    return replace(images, examples=_scaled(resized))


def set_name(path: Path) -> str:
    """Name of the set in a file or folder."""
    return path.name if path.is_dir() else path.stem


def _folder_parts(
    folder: Path, options: ReadOptions, choice: Choice, cache: Path | None
) -> ImageParts:
    layout, name = folder_layout(folder), set_name(folder)
    form = form_of(layout.train, name, options)

    chosen = partial(_chosen, folder, form, options, choice)
    train = _pictures(layout.train, folder, form, options, cache=cache)
    test = chosen(TEST, layout.test) if layout.test else None
    kinds = (replace(chosen(kind, paths), name=kind) for kind, paths in layout.kinds.items())
    return ImageParts(train, test, tuple(kinds))


def _chosen(
    folder: Path,
    form: PictureForm,
    options: ReadOptions,
    choice: Choice,
    part: str,
    paths: Sequence[Path],
) -> ExampleSet:
    """The pictures of a part that are evaluated."""
    return _pictures(paths, folder, form, options, size=choice.size, seed=choice.seed_of(part))


def _pictures(
    paths: Sequence[Path],
    folder: Path,
    form: PictureForm,
    options: ReadOptions,
    *,
    size: int | None = None,
    seed: int = 0,
    cache: Path | None = None,
) -> ExampleSet:
    """Pictures of a folder as a set; `size` and `seed` choose some of them before they are read."""
    rows = drawn_rows(len(paths), size, seed)
    found = read_pictures(
        [paths[row] for row in rows.tolist()], folder, form, strict=options.strict, cache=cache
    )
    names = [paths[row].relative_to(folder).as_posix() for row in rows.tolist()]
    is_kept = np.array([name not in found.left_out for name in names])
    images = _scaled(found.images)
    return ExampleSet(
        set_name(folder),
        images,
        rows[is_kept],
        digest_of(images),
        paths=np.array(found.names),
        folder=folder,
        fit=form.fit,
        left_out=found.left_out,
    )


def _array_parts(path: Path, options: ReadOptions, choice: Choice) -> ImageParts:
    is_divided, array = _read_array(path, TRAIN)
    train = sized(_array_set(array, path, options), options)
    if not is_divided:
        return ImageParts(train)
    test = sized(_array_set(_read_array(path, TEST)[1], path, options), options)
    return ImageParts(train, choose_rows(test, choice.size, choice.seed_of(TEST)).in_memory())


def sized(images: ExampleSet, options: ReadOptions) -> ExampleSet:
    """The set in the size of --image_size; as it is where there is none."""
    side, channels = options.image_size, images.examples.shape[3]
    return in_form(images, PictureForm(side, side, channels, options.fit)) if side else images


def _array_set(array: np.ndarray, path: Path, options: ReadOptions) -> ExampleSet:
    is_plain = array.dtype == np.uint8 and array.ndim == 4 and array.shape[3] in (1, 3)
    if is_plain and array.size and options.value_range is None and not options.channels_first:
        images, found = _scaled(array), None
    else:
        images, found = images_and_range(array, str(path), options)
    rows, digest = np.arange(len(images)), digest_of(images)
    return ExampleSet(set_name(path), images, rows, digest, value_range=found)


def _scaled(images: np.ndarray) -> np.ndarray:
    """uint8 images as floats in [0, 1]; many are converted where they are read."""
    if images.size > _LARGE:
        # It is indexed as an array is, which is all that training does with it.
        return cast(np.ndarray, ByteImages(images))
    return as_floats(images)


def _read_array(path: Path, split: str) -> tuple[bool, np.ndarray]:
    """Whether the file has train and test parts, and its array of the split."""
    if path.suffix == ".npy":
        return False, read_npy(path)
    if path.suffix != ".npz":
        raise InputError(f"{path} is no .npz or .npy file and no folder of pictures")
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


def divided(images: ExampleSet, source: str, choice: Choice) -> tuple[ExampleSet, ExampleSet]:
    """Training and test part: a tenth is for testing, the rest for training; both have groups.

    Raises:
        InputError: There is one image only.
    """
    count = len(images)
    if count == 1:
        raise InputError(f"{source} has one image; at least two are needed, one for testing")
    order = np.random.default_rng(0).permutation(count)
    images = replace(images, groups=choice.groups_of(images))
    is_test = kept_together(max(count // 10, 1), order, images.groups)
    return images.take(np.flatnonzero(~is_test)), images.take(np.flatnonzero(is_test))
