"""Many picture files as images of one form: all decoded once, in parallel."""

from __future__ import annotations

import hashlib
import json
import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np

from tools.data.images.file_threads import of_files
from tools.data.images.picture_files import (
    SUFFIXES,
    PictureFacts,
    PictureForm,
    bombs_refused,
    decoded_picture,
    picture_facts,
)
from tools.data.images.preprocessing import ReadOptions, suits_networks
from tools.errors import InputError
from tools.files.array_files import refuse_large
from tools.files.readers import reading
from tools.files.whole_files import parse_json, whole_file, write_json

_LOG = logging.getLogger(__name__)
DEFAULT_SIDE = 64  # pixels, where the pictures' own size does not do
LARGEST_OWN_SIDE = 128  # larger ones train for hours on two cores, so a flag must ask for them
_SMALL = 1 << 26  # bytes of decoded pictures that are kept in memory, not in a file
_NAMED = 5  # left-out pictures that a message names


@dataclass(frozen=True)
class Pictures:
    """Decoded pictures and those that could not be decoded.

    Attributes:
        images: uint8 [image, height, width, channel]; mapped from a file where they are many.
        names: Path of each image below the folder, with /.
        left_out: {path of a picture that is broken: reason}.
    """

    images: np.ndarray
    names: tuple[str, ...]
    left_out: Mapping[str, str]


def picture_paths(folder: Path) -> list[Path]:
    """The picture files in a folder and below it, sorted; hidden files and folders are passed over.

    Raises:
        InputError: There is none, or the folder cannot be read.
    """
    with reading(folder):
        paths = [path.relative_to(folder) for path in folder.rglob("*")]
    visible = [path for path in paths if not any(part.startswith(".") for part in path.parts)]
    found = [folder / path for path in sorted(visible) if path.suffix.lower() in SUFFIXES]
    if not found:
        endings = Counter(path.suffix for path in visible if path.suffix)
        others = f"; there are {', '.join(sorted(endings)[:6])} files" if endings else ""
        raise InputError(
            f"{folder} has no pictures in it or below it that can be read (png, jpg, webp, tif,"
            f" bmp, gif and others){others}"
        )
    return found


def form_of(paths: Sequence[Path], source: str, options: ReadOptions) -> PictureForm:
    """The form that the pictures are brought to; logs a line where something was decided.

    It is their own size where they agree on one that networks take, else 64 pixels, or that of
    --image_size. They are grey where all of them are.

    Args:
        paths: The pictures; those whose headers are broken have no say.
        source: Name of the folder, for messages.
        options: How images are read.

    Raises:
        InputError: No picture can be read.
    """
    with bombs_refused():
        found = of_files(_facts_or_none, paths, "looking at pictures")
        facts = [fact for fact in found if fact is not None]
    if not facts:
        raise InputError(f"{source}: none of its {len(paths)} pictures can be read")
    sizes = Counter((fact.height, fact.width) for fact in facts)
    grey = sum(fact.is_grey for fact in facts)
    if 0 < grey < len(facts):
        _LOG.info("%s: %d of %d pictures are grey and become RGB", source, grey, len(facts))
    channels = 1 if grey == len(facts) else 3
    (height, width), _ = sizes.most_common(1)[0]
    is_own = len(sizes) == 1 and suits_networks(height, width) and height <= LARGEST_OWN_SIDE
    if not options.image_size and is_own:
        return PictureForm(height, width, channels, options.fit)
    side = options.image_size or DEFAULT_SIDE
    if set(sizes) != {(side, side)}:
        words = f"{len(sizes)} sizes" if len(sizes) > 1 else f"{width}x{height} pixels"
        hint = "" if options.image_size else "; --image_size=N chooses another size"
        _LOG.info(
            "%s: pictures of %s become %dx%d by --fit=%s%s",
            source,
            words,
            side,
            side,
            options.fit,
            hint,
        )
    return PictureForm(side, side, channels, options.fit)


def read_pictures(
    paths: Sequence[Path],
    folder: Path,
    form: PictureForm,
    *,
    strict: bool = False,
    cache: Path | None = None,
) -> Pictures:
    """Decodes pictures, in the order of their paths; those that are broken are left out.

    Args:
        paths: The files.
        folder: What their names are relative to.
        form: The form that they are brought to.
        strict: Whether a broken picture is an error.
        cache: Folder for the decoded pictures, so that a second start need not decode them and
            they are mapped, not held; None, or few of them: they are held in memory.

    Raises:
        InputError: All pictures are broken, or one is and `strict` is set.
    """
    size = int(np.prod(form.shape)) * len(paths)
    with reading(folder):
        refuse_large(size if cache is None else 0, f"a folder of {len(paths)} pictures")
    with bombs_refused():
        if cache is None or size <= _SMALL:
            pictures = _held(paths, folder, form, strict)
        else:
            pictures = _mapped(paths, folder, form, strict, cache)
    _tell(pictures, folder)
    return pictures


def _held(paths: Sequence[Path], folder: Path, form: PictureForm, strict: bool) -> Pictures:
    """The pictures in memory."""
    images = np.empty((len(paths), *form.shape), np.uint8)
    names: list[str] = []
    left_out: dict[str, str] = {}
    for image in _kept(paths, folder, form, strict, names, left_out):
        images[len(names) - 1] = image
    return Pictures(images[: len(names)], tuple(names), left_out)


def _mapped(
    paths: Sequence[Path], folder: Path, form: PictureForm, strict: bool, cache: Path
) -> Pictures:
    """The pictures as a mapped file in the cache, which is made where it is not that of these."""
    images_path, record_path = cache / "images.npy", cache / "pictures.json"
    key = _key(paths, folder, form)
    try:
        record = parse_json(record_path.read_text("utf-8"))
        images = np.load(images_path, mmap_mode="r")
        is_whole = images.shape == (len(record["names"]), *form.shape) and images.dtype == np.uint8
        if record["key"] == key and is_whole and not (strict and record["left_out"]):
            return Pictures(images, tuple(record["names"]), record["left_out"])
    except (OSError, ValueError, KeyError, TypeError):
        pass  # missing or damaged: the pictures are decoded anew
    names: list[str] = []
    left_out: dict[str, str] = {}
    with whole_file(images_path) as file:
        _write_header(file, len(paths), form)
        for image in _kept(paths, folder, form, strict, names, left_out):
            file.write(image.tobytes())
        file.seek(0)
        _write_header(file, len(names), form)
    write_json(record_path, {"key": key, "names": names, "left_out": left_out})
    return Pictures(np.load(images_path, mmap_mode="r"), tuple(names), left_out)


def _kept(
    paths: Sequence[Path],
    folder: Path,
    form: PictureForm,
    strict: bool,
    names: list[str],
    left_out: dict[str, str],
) -> Iterator[np.ndarray]:
    """Yields the pictures that can be decoded; adds to their names, and to those left out."""
    decode = partial(_picture_or_fault, form=form)
    for path, image in zip(paths, of_files(decode, paths, "decoding pictures"), strict=True):
        name = path.relative_to(folder).as_posix()
        if isinstance(image, InputError):
            if strict:
                raise InputError(f"{image}; mend it, or leave out --strict_data") from image
            left_out[name] = str(image)
        else:
            names.append(name)
            yield image


def pictures_or_faults(paths: Sequence[Path], form: PictureForm) -> list[np.ndarray | InputError]:
    """Each picture as uint8 [height, width, channel], or why it cannot be read."""
    with bombs_refused():
        return list(of_files(partial(_picture_or_fault, form=form), paths, "decoding pictures"))


def _write_header(file: BinaryIO, count: int, form: PictureForm) -> None:
    """The header of an .npy file; its length is the same for any count."""
    shape = (count, *form.shape)
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)


def _key(paths: Sequence[Path], folder: Path, form: PictureForm) -> str:
    """Changes with the form, and with name or content of any file."""
    found = hashlib.sha256(json.dumps(asdict(form)).encode())
    for path, content in zip(paths, of_files(_content, paths, "reading pictures"), strict=True):
        name = path.relative_to(folder).as_posix()
        found.update(f"{name}\0{content}\n".encode("utf-8", "replace"))
    return found.hexdigest()


def _content(path: Path) -> str:
    """Digest of a file's bytes; a word for one that cannot be read, which is left out later."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return "unreadable"


def _picture_or_fault(path: Path, form: PictureForm) -> np.ndarray | InputError:
    try:
        return decoded_picture(path, form)
    except InputError as error:
        return error


def _facts_or_none(path: Path) -> PictureFacts | None:
    try:
        return picture_facts(path)
    except InputError:
        return None


def _tell(pictures: Pictures, folder: Path) -> None:
    """Names and counts the pictures that were left out."""
    left_out = list(pictures.left_out.values())
    if not len(pictures.images):
        raise InputError(
            f"{folder}: none of its {len(left_out)} pictures can be read ({left_out[0]})"
        )
    if left_out:
        shown = "; ".join(left_out[:_NAMED])
        more = f"; and {len(left_out) - _NAMED} more" if len(left_out) > _NAMED else ""
        total = len(left_out) + len(pictures.names)
        _LOG.warning("%d of %d pictures are left out: %s%s", len(left_out), total, shown, more)
