"""Checkpoints: one .npz per saved step, whole or not at all, readable without TensorFlow."""

import hashlib
import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tools.files.whole_files import DamagedFileError, read_npz, write_npz

_LOG = logging.getLogger(__name__)
_NAME = re.compile(r"checkpoint-\d{8}\.npz")


class Checkpoint(NamedTuple):
    """A saved state: training steps done, arrays by variable name, and the file they came from."""

    step: int
    arrays: dict[str, np.ndarray]
    path: Path


def save_checkpoint(
    member_dir: Path, step: int, arrays: Mapping[str, np.ndarray], keep: int | None = 2
) -> None:
    """Saves the state after `step` steps, then deletes all but the newest `keep` checkpoints.

    Checkpoints of later steps are deleted too: training returns to an earlier step only where the
    later ones are damaged.

    Args:
        member_dir: The member's folder.
        step: Training steps done.
        arrays: The state by variable name.
        keep: How many to keep; None: all up to this step.
    """
    saved = member_dir / f"checkpoint-{step:08d}.npz"
    write_npz(saved, arrays)
    found = _newest_first(member_dir)
    newest = found.index(saved)
    too_old = [] if keep is None else found[newest + keep :]
    for path in found[:newest] + too_old:
        path.unlink()


def checkpoints_by_step(member_dir: Path) -> dict[int, Path]:
    """The files of all checkpoints by step, oldest first; whether they are whole is not known."""
    return {_step(path): path for path in reversed(_newest_first(member_dir))}


def newest_checkpoint(member_dir: Path) -> Checkpoint | None:
    """The newest whole checkpoint, or None; a damaged one is passed over with a warning."""
    for path in _newest_first(member_dir):
        try:
            return read_checkpoint(path)
        except DamagedFileError as error:
            _LOG.warning("%s is damaged (%s); looking for an older one", path, error)
    return None


def newest_step(member_dir: Path) -> int | None:
    """Steps done at the newest checkpoint, by its name alone; None: there is none."""
    return next((_step(path) for path in _newest_first(member_dir)), None)


def read_checkpoint(path: Path) -> Checkpoint:
    """Reads one checkpoint.

    Raises:
        DamagedFileError: It is not whole.
    """
    return Checkpoint(_step(path), read_npz(path), path)


def file_digest(path: Path) -> str:
    """sha256 of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _step(path: Path) -> int:
    return int(path.stem.removeprefix("checkpoint-"))


def _newest_first(member_dir: Path) -> list[Path]:
    found = [path for path in member_dir.glob("checkpoint-*.npz") if _NAME.fullmatch(path.name)]
    return sorted(found, reverse=True)
