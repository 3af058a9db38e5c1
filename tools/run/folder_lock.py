"""The lock of a run folder: one process at a time works in it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.errors import InputError


@contextmanager
def folder_locked(path: Path) -> Iterator[None]:
    """Holds a run folder against a second process; makes the folder where it is missing.

    The lock ends with the process that holds it, however that ends. Files that a killed process
    left unfinished are deleted.

    Raises:
        InputError: Another process holds it, it cannot be written, or a part of it is a link.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        file = open(path / ".lock", "a", opener=_open_no_link)  # noqa: SIM115  held open
    except OSError as error:
        raise InputError(f"--model_dir={path} cannot be written: {error}") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InputError(
                f"--model_dir={path} is in use by another process; wait for it to end"
            ) from error
        except OSError as error:  # some shared file systems have no locks
            raise InputError(
                f"--model_dir={path} cannot be locked ({error.strerror}); take a folder on"
                " another file system"
            ) from error
        _refuse_links(path)
        for unfinished in path.rglob(".*.partial"):
            unfinished.unlink()
        yield


def folder_is_held(path: Path) -> bool:
    """Whether a process holds the run folder now; the folder need not be writable."""
    try:
        with open(path / ".lock") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # there is none, or its file system has no locks: no process could hold it
        return False
    return False


def _open_no_link(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW)


def _refuse_links(path: Path) -> None:
    """Raises InputError where writing would go by a link, perhaps a stranger's, elsewhere."""
    for part in path.rglob("*"):
        if part.is_symlink() and part.is_dir():
            raise InputError(
                f"{part} is a link to another folder; put the folder itself in its place"
            )
