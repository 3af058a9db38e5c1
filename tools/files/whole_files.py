"""Files that are written whole or not at all, and arrays that are read only if they are whole."""

import io
import json
import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from tools.files.array_files import DAMAGE, stored_arrays

_MOST_DIGITS = 20  # of an integer in JSON; one of 64 bits has them


class DamagedFileError(Exception):
    """A file is there but not whole. The message says how, in one line."""


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write to, which takes its path when all is written: never is a part of it there.

    Raises:
        OSError: The disk is full or the folder cannot be written; it names the file, and the old
            one is left as it was.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(partial, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except OSError as error:  # that of a full disk names no file
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error
    finally:
        with suppress(OSError):  # a second one would hide the first
            partial.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes | memoryview) -> None:
    """Writes the file so that a reader, or a crash, meets the old content or the new, never a part.

    Raises:
        OSError: As for `whole_file`.
    """
    with whole_file(path) as file:
        file.write(content)


def write_text(path: Path, text: str) -> None:
    """Writes UTF-8 text, whole or not at all."""
    write_bytes(path, text.encode("utf-8"))


def write_json(path: Path, value: object) -> None:
    """Writes indented JSON, whole or not at all. NaN is refused: it is no JSON."""
    write_text(path, json.dumps(value, indent=2, allow_nan=False) + "\n")


def parse_json(text: str | bytes) -> Any:
    """The value of a JSON text.

    Raises:
        ValueError: It is no JSON, nested too deeply, or has a number that is NaN or too large.
    """
    try:
        return json.loads(text, parse_constant=_finite, parse_float=_finite, parse_int=_small)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def write_npz(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Writes arrays as .npz, whole or not at all; the same arrays give the same bytes."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    write_bytes(path, buffer.getbuffer())


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"the number {text[:20]} is not finite")
    return number


def _small(text: str) -> int:
    if len(text) > _MOST_DIGITS:
        raise ValueError(f"the number {text[:20]}... is too large")
    return int(text)


def read_npz(path: Path, name: str | None = None) -> dict[str, np.ndarray]:
    """The arrays of an .npz file that `write_npz` has written, by name.

    Args:
        path: The file. One from elsewhere, perhaps compressed, is for `readers.read_npz_array`.
        name: The only array to read; None: all.

    Raises:
        FileNotFoundError: There is no such file.
        DamagedFileError: It is cut off, changed, compressed, or holds pickled objects.
    """
    with open(path, "rb") as file:
        try:
            return stored_arrays(file, name)
        except DAMAGE as error:
            # The error's own text may quote the whole file.
            raise DamagedFileError(type(error).__name__) from error
