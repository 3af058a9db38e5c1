"""Arrays of .npy and .npz files; every size that a file claims is checked before memory is taken.

What cannot be read ends in ValueError, or in the standard library's errors of damaged files.
"""

import gzip
import io
import lzma
import math
import os
import sys
import tokenize
import zipfile
import zlib
from collections.abc import Sequence
from typing import IO, BinaryIO

import numpy as np

# Half of the machine's memory, in bytes: content that is larger could not be worked on anyway.
LARGEST = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
# What the standard library and numpy raise on damaged files.
DAMAGE = (
    EOFError,
    KeyError,
    OSError,
    RuntimeError,
    SyntaxError,  # a header of .npy or png
    ValueError,
    lzma.LZMAError,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)
_CHUNK = 1 << 20
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def refuse_large(size: int, what: str, most: int | None = None) -> None:
    """Raises ValueError where content claims more bytes than `most`, or than fit into memory."""
    most = LARGEST if most is None else min(most, LARGEST)
    if size > most:
        raise ValueError(f"{what} claims {size:,} bytes, more than the {most:,} that are allowed")


def read_bounded(stream: IO[bytes] | gzip.GzipFile, what: str) -> bytes:
    """The whole stream, perhaps uncompressed while it is read, if it fits into memory."""
    content = io.BytesIO()
    while chunk := stream.read(_CHUNK):
        refuse_large(content.tell() + len(chunk), what)
        content.write(chunk)
    return content.getvalue()


def npz_names(archive: zipfile.ZipFile) -> list[str]:
    """The names of the arrays in an .npz."""
    return [name.removesuffix(".npy") for name in archive.namelist()]


def npz_array(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    """One array of an .npz; its name must be among the `npz_names`."""
    member = archive.infolist()[npz_names(archive).index(name)]
    refuse_large(member.file_size, name)
    with archive.open(member) as stream:
        _check_header(stream, member.file_size)
    with archive.open(member) as stream:  # anew: a stream that has sought no longer checks its sum
        return _sound(np.lib.format.read_array(stream, allow_pickle=False))


def stored_arrays(file: BinaryIO, name: str | None = None) -> dict[str, np.ndarray]:
    """All arrays, or one, of an uncompressed .npz such as those of a run folder."""
    with zipfile.ZipFile(file) as archive:
        claimed = sum(member.file_size for member in archive.infolist())
        refuse_large(claimed, "its content", most=os.fstat(file.fileno()).st_size)
        names = npz_names(archive) if name is None else [name]
        return {name: npz_array(archive, name) for name in names}


def npy_array(file: BinaryIO) -> np.ndarray:
    """The array of an .npy file."""
    _check_header(file, os.fstat(file.fileno()).st_size)
    file.seek(0)
    return _sound(np.lib.format.read_array(file, allow_pickle=False))


def _check_header(stream: IO[bytes], size: int) -> None:
    """Raises ValueError unless the header describes exactly what follows it.

    So each byte is read, and with the last one a zip's checksum is compared.
    """
    version = np.lib.format.read_magic(stream)
    if version not in _HEADERS:
        raise ValueError(f"it has version {version} of the .npy format, not 1 or 2")
    shape, _, dtype = _HEADERS[version](stream)
    if dtype.hasobject:
        raise ValueError("it holds objects, which need allow_pickle")
    if dtype.kind == "V":
        raise ValueError(f"it holds {dtype}, which are neither numbers nor texts")
    held = size - stream.tell()
    if min(shape, default=1) < 0 or math.prod(shape) * dtype.itemsize != held:
        raise ValueError(
            f"its header says {dtype} {shape}, which are not the {held:,} bytes it has"
        )
    _refuse_endless(shape, dtype, size)


def _sound(array: np.ndarray) -> np.ndarray:
    """The array; raises ValueError where a text in it has letters that do not exist."""
    if array.dtype.kind == "U":
        letters = array.reshape(-1).view(array.dtype.byteorder.replace("|", "=") + "u4")
        if letters.max(initial=0) > sys.maxunicode:
            raise ValueError("it holds texts with letters beyond Unicode")
    return array


def _refuse_endless(shape: Sequence[int], dtype: np.dtype, size: int) -> None:
    """Raises ValueError for an array of no bytes that is long all the same, as (10**12, 0) is."""
    length = math.prod(max(axis, 1) for axis in shape) * max(dtype.itemsize, 1)
    refuse_large(length, f"the shape {shape}", most=max(size, _CHUNK))
