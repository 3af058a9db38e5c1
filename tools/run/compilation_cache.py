"""Keeps what XLA compiles in the user's cache, so that a second start need not compile again.

An entry is found by the program that was compiled, and gives the same numbers as compiling anew.
The folder's name contains the processor and TensorFlow's version, since code for one processor may
fail on another. A damaged entry would make TensorFlow abort, so checksums are compared first.
"""

import atexit
import fcntl
import json
import os
import platform
import shutil
from collections.abc import Iterator
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import TextIO
from zlib import crc32

from tools.files.whole_files import write_json

_FLAGS = "TF_XLA_FLAGS"
_CHECKSUMS = "checksums.json"
_LARGEST = 2**30  # bytes
_LEAST_FREE = 2 * 2**30  # bytes; a process that cannot write an entry ends, too
_locks: list[TextIO] = []  # held for as long as this process lives


def use_compilation_cache() -> None:
    """Makes TensorFlow keep what it compiles; call it before TensorFlow is imported.

    Does nothing where the user has set TF_XLA_FLAGS, or the folder cannot be used.
    """
    if _FLAGS in os.environ:
        return
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    # PackageNotFoundError: a vendor's build of TensorFlow goes by another name.
    with suppress(OSError, metadata.PackageNotFoundError):
        kind = f"xla-{metadata.version('tensorflow')}-{_processor()}"
        folder = cache / "generative-ensembles" / kind
        folder.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(folder).free > _LEAST_FREE:
            _join(folder)
            os.environ[_FLAGS] = f"--tf_xla_persistent_cache_directory={folder}"
            atexit.register(record_checksums, folder)


def record_checksums(folder: Path) -> None:
    """Writes the checksums that the entries must have to be used again."""
    with suppress(OSError):
        write_json(folder / _CHECKSUMS, {path.name: _checksum(path) for path in _entries(folder)})


def _join(folder: Path) -> None:
    """Becomes one of the folder's users; the first of them tidies it."""
    lock = open(folder / ".lock", "w")  # noqa: SIM115  open as long as the lock is held
    _locks.append(lock)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _tidy(folder)
    except BlockingIOError:
        pass
    finally:  # the next users must not wait, even if this one cannot tidy
        fcntl.flock(lock, fcntl.LOCK_SH)


def _tidy(folder: Path) -> None:
    """Deletes entries that are damaged or unfinished, and all where they have become too many."""
    try:
        checksums = json.loads((folder / _CHECKSUMS).read_text("utf-8"))
    except (OSError, ValueError):
        checksums = {}
    entries = list(_entries(folder))
    too_many = sum(path.stat().st_size for path in entries) > _LARGEST
    for path in entries:
        if too_many or checksums.get(path.name) != _checksum(path):
            path.unlink()
    for path in folder.glob("*.tmp"):
        path.unlink()


def _entries(folder: Path) -> Iterator[Path]:
    return folder.glob("*.pb")


def _checksum(path: Path) -> int:
    return crc32(path.read_bytes())


def _processor() -> str:
    """A short name of what the processor can do."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:  # not Linux
        return platform.machine()
    abilities = next((line for line in lines if line.startswith(("flags", "Features"))), "")
    return f"{platform.machine()}-{crc32(abilities.encode()):08x}"
