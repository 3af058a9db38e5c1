"""Content of files that may be packed: the first bytes tell how, whatever the ending is."""

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import IO

from tools.errors import InputError
from tools.files.array_files import read_bounded, refuse_large
from tools.files.readers import reading

ZIP = b"PK\x03\x04"
_ZSTANDARD = b"\x28\xb5\x2f\xfd"
_STREAMS: dict[bytes, Callable[[IO[bytes]], IO[bytes]]] = {
    b"\x1f\x8b": lambda file: gzip.GzipFile(fileobj=file),  # type: ignore[dict-item,return-value]
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\0": lzma.LZMAFile,
}


def unpacked_content(path: Path) -> bytes:
    """The bytes of a file: those inside where it is a .gz, .bz2, .xz, .zst or a .zip of one file.

    A zip that is itself a format, an .npz or .xlsx, stays as it is. Nothing is written.

    Raises:
        InputError: The file is missing or damaged, its content does not fit into memory, a zip
            holds several files or one with an unsafe path, or a packed file is packed again.
    """
    with reading(path, zipfile.LargeZipFile), open(path, "rb") as file:
        start = file.read(8)
        file.seek(0)
        if start.startswith(ZIP):
            return _zip_content(path, file)
        if start.startswith(_ZSTANDARD):
            import pyarrow  # here: other files need not wait for it

            content = read_bounded(pyarrow.CompressedInputStream(file, "zstd"), "its content")
        elif start.startswith(tuple(_STREAMS)):
            unpacking = next(kind for magic, kind in _STREAMS.items() if start.startswith(magic))
            with closing(unpacking(file)) as unpacked:
                content = read_bounded(unpacked, "its content")
        else:
            return read_bounded(file, "its content")
        return _not_packed_again(path, content)


def _zip_content(path: Path, file: IO[bytes]) -> bytes:
    with zipfile.ZipFile(file) as archive:
        members = [
            member
            for member in archive.infolist()
            if not member.filename.endswith("/") and not member.filename.startswith("__MACOSX/")
        ]
        names = [member.filename for member in members]
        if "[Content_Types].xml" in names or all(name.endswith(".npy") for name in names):
            refuse_large(sum(member.file_size for member in members), "its content")
            file.seek(0)
            return read_bounded(file, "its content")
        if len(members) != 1:
            shown = ", ".join(names[:4]) + ", ..." * (len(names) > 4)
            raise InputError(f"{path} holds {len(names)} files ({shown}); give one that holds one")
        inside = PurePosixPath(names[0].replace("\\", "/"))
        if inside.is_absolute() or ".." in inside.parts or ":" in str(inside):
            raise InputError(f"{path} holds a file with the unsafe path {names[0]!r}; pack it anew")
        refuse_large(members[0].file_size, "its content")
        with archive.open(members[0]) as stream:
            return _not_packed_again(path, read_bounded(stream, "its content"))


def _not_packed_again(path: Path, content: bytes) -> bytes:
    if content.startswith((*_STREAMS, _ZSTANDARD, ZIP)):
        raise InputError(f"{path} is packed twice; unpack it once")
    return content


def zip_names(content: bytes) -> list[str]:
    """The names in a zip; none where the content is no zip."""
    if not content.startswith(ZIP) or not zipfile.is_zipfile(io.BytesIO(content)):
        return []
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.namelist()
