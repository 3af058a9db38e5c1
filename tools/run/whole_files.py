"""Files that appear whole or not at all, and reading arrays back only when they are whole."""

import io
import json
import os
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

# What reading a damaged .npz can end in.
_DAMAGE = (EOFError, KeyError, OSError, RuntimeError, ValueError, zipfile.BadZipFile, zlib.error)


class DamagedFileError(Exception):
    """A file is there but not whole. The message says how, in one line."""


def write_bytes(path: Path, content: bytes) -> None:
    """Writes the file so that a reader, or a crash, meets the old content or the new, never a part.

    Raises:
        OSError: The disk is full or the folder cannot be written; the old file is left as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with open(partial, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Writes UTF-8 text, whole or not at all."""
    write_bytes(path, text.encode("utf-8"))


def write_json(path: Path, value: object) -> None:
    """Writes indented JSON, whole or not at all. NaN is refused: it is no JSON."""
    write_text(path, json.dumps(value, indent=2, allow_nan=False) + "\n")


def write_npz(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Writes arrays as .npz, whole or not at all; the same arrays give the same bytes."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    write_bytes(path, buffer.getbuffer())


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """All arrays of an .npz file.

    Raises:
        FileNotFoundError: There is no such file.
        DamagedFileError: It is cut off, changed, or holds pickled objects.
    """
    with open(path, "rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                # numpy checks no sum of an array that ends before its zip member does.
                if damaged := archive.testzip():
                    raise DamagedFileError(f"{damaged} does not have its checksum")
            file.seek(0)
            with np.load(file, allow_pickle=False) as archive:
                return {name: np.asarray(archive[name]) for name in archive.files}
        except _DAMAGE as error:
            # The error's own text may quote the whole file.
            raise DamagedFileError(type(error).__name__) from error
