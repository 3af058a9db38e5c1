"""Checkpoints: one .npz per saved step, whole or not at all, readable without TensorFlow."""

import hashlib
import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tools.run.whole_files import DamagedFileError, read_npz, write_npz

_LOG = logging.getLogger(__name__)
_NAME = re.compile(r"checkpoint-(\d{8})\.npz")


class Checkpoint(NamedTuple):
    """A saved state: training steps done, arrays by variable name, and the file they came from."""

    step: int
    arrays: dict[str, np.ndarray]
    path: Path


def save_checkpoint(
    folder: Path, step: int, arrays: Mapping[str, np.ndarray], keep: int = 2
) -> None:
    """Saves the state after `step` steps, then deletes all but the newest `keep` checkpoints.

    Those of later steps go too: training comes back to an earlier step only where they are damaged.
    """
    saved = folder / f"checkpoint-{step:08d}.npz"
    write_npz(saved, arrays)
    found = _newest_first(folder)
    newest = found.index(saved)
    for path in found[:newest] + found[newest + keep :]:
        path.unlink()


def newest_checkpoint(folder: Path) -> Checkpoint | None:
    """The newest whole checkpoint, or None; a damaged one is passed over with a warning."""
    for path in _newest_first(folder):
        try:
            return read_checkpoint(path)
        except DamagedFileError as error:
            _LOG.warning("%s is damaged (%s); looking for an older one", path, error)
    return None


def read_checkpoint(path: Path) -> Checkpoint:
    """Reads one checkpoint.

    Raises:
        DamagedFileError: It is not whole.
    """
    return Checkpoint(int(_NAME.fullmatch(path.name)[1]), read_npz(path), path)


def file_digest(path: Path) -> str:
    """sha256 of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _newest_first(folder: Path) -> list[Path]:
    found = [path for path in folder.glob("checkpoint-*.npz") if _NAME.fullmatch(path.name)]
    return sorted(found, reverse=True)
