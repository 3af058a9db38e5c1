"""Readers of array files: idx, npz, npy, mat. An InputError names what cannot be read."""

import gzip
import hashlib
import io
import math
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from tools.errors import InputError
from tools.files import array_files


@contextmanager
def reading(path: Path, *more_errors: type[Exception]) -> Iterator[None]:
    """Turns the errors of a damaged, missing or locked file into an InputError that names it."""
    caught: tuple[type[Exception], ...] = (*array_files.DAMAGE, MemoryError, *more_errors)
    try:
        yield
    except caught as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        if "allow_pickle" in reason:
            reason = "it holds Python objects (pickle), which are refused; save plain numbers"
        raise InputError(f"{path} cannot be read: {' '.join(reason.split())}") from error


def read_data_file(path: Path, sha256: str, array: str = "x") -> np.ndarray:
    """The images or labels of a named set's file: an idx .gz, a .mat, or an array of an .npz.

    Arguments and errors are those of `checked_content`.
    """
    content = checked_content(path, sha256, array)
    if not isinstance(content, bytes):
        return content
    return parse_mat(content, path) if path.suffix == ".mat" else parse_idx(content, path)


def checked_content(path: Path, sha256: str, array: str = "x") -> bytes | np.ndarray:
    """Content of a named set's file: the bytes of a .mat or inside a .gz, or an array of an .npz.

    Args:
        path: The file.
        sha256: What the bytes, or those of the array, must have; empty: it is not known.
        array: Its name in an .npz.

    Raises:
        InputError: The file is damaged or has another content.
    """
    content = _bytes_or_array(path, array)
    plain = content if isinstance(content, bytes) else np.ascontiguousarray(content).data
    found = hashlib.sha256(plain).hexdigest()
    if sha256 and found != sha256:
        raise InputError(
            f"{path} has the wrong content: its sha256 begins with {found[:16]}, "
            f"the right one with {sha256[:16]}"
        )
    return content


def _bytes_or_array(path: Path, array: str) -> bytes | np.ndarray:
    if path.suffix == ".gz":
        return read_gzip(path)
    if path.suffix == ".mat":
        with reading(path):
            return path.read_bytes()
    return read_npz_array(path, array)


def read_gzip(path: Path) -> bytes:
    """The uncompressed content of a .gz file."""
    with reading(path), gzip.open(path) as stream:
        return array_files.read_bounded(stream, "its content")


def parse_idx(content: bytes, path: Path) -> np.ndarray:
    """Array of unsigned bytes in the idx format: type, number of axes, their lengths, numbers.

    Args:
        content: The uncompressed file.
        path: Where it comes from, for messages.
    """
    start = 4 + 4 * int.from_bytes(content[3:4])
    if content[:3] != b"\0\0\x08" or len(content) < start:
        raise InputError(f"{path} is no idx file of unsigned bytes")
    shape = np.frombuffer(content[4:start], ">u4").tolist()
    if len(content) - start != math.prod(shape):
        raise InputError(f"{path} holds {len(content) - start} pixels, its header says {shape}")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def parse_mat(content: bytes, path: Path) -> np.ndarray:
    """The images X of a MATLAB file as SVHN has them, image axis last there: [image, ...].

    Args:
        content: A file whose sha256 is known to be right: others can end the process in SciPy.
        path: Where it comes from, for messages.
    """
    from scipy.io import loadmat  # here: a quarter of a second that flags need not wait

    with reading(path, Exception):  # whatever a damaged header leads SciPy to
        images = loadmat(io.BytesIO(content), variable_names=["X"])["X"]
    if not isinstance(images, np.ndarray) or images.dtype != np.uint8 or images.ndim != 4:
        raise InputError(f"{path} has no images X of bytes [height, width, channel, image]")
    return np.ascontiguousarray(np.moveaxis(images, -1, 0))


def npz_names(path: Path) -> list[str]:
    """The names of the arrays in an .npz file."""
    with _open_npz(path) as archive:
        return array_files.npz_names(archive)


def read_npz_array(path: Path, name: str) -> np.ndarray:
    """One array of an .npz file."""
    with _open_npz(path) as archive:
        names = array_files.npz_names(archive)
        if name not in names:
            raise InputError(f"{path} has no array {name}; it has {', '.join(names)}")
        return array_files.npz_array(archive, name)


def read_npy(path: Path) -> np.ndarray:
    """The array of an .npy file."""
    with reading(path), open(path, "rb") as file:
        return array_files.npy_array(file)


@contextmanager
def _open_npz(path: Path) -> Iterator[zipfile.ZipFile]:
    with reading(path):
        if not zipfile.is_zipfile(path):
            raise InputError(f"{path} is no .npz file, or not all of one")
        with zipfile.ZipFile(path) as archive:
            yield archive
