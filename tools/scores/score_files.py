"""Score files: per data set one .npz with [member, example] per score key, ids and provenance."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tools.errors import InputError
from tools.files.whole_files import DamagedFileError, parse_json, read_npz, write_npz
from tools.scores.score_registry import met_by

REMEDY = "delete it and run with --skip_train=True"
NOT_SCORES = ("ids", "provenance")


@dataclass(frozen=True)
class ScoreFile:
    """The scores of one data set.

    Attributes:
        scores: {score key: float32 [member, example]}, in the score's own direction.
        ids: int64 [example], the examples' row numbers in their source.
        provenance: Checkpoints, checksums, samples and seed from which the scores were made.
    """

    scores: Mapping[str, np.ndarray]
    ids: np.ndarray
    provenance: dict

    @property
    def n_members(self) -> int:
        """Number of members, the same for all score keys."""
        return len(next(iter(self.scores.values())))


class OnDemand(Mapping[str, np.ndarray]):
    """Lazy read-only mapping; makes an array on access and keeps none.

    Args:
        names: Names of the arrays.
        make: Function from a name to its array.
    """

    def __init__(self, names: Iterable[str], make: Callable[[str], np.ndarray]):
        """Makes nothing yet."""
        self._names, self._make = dict.fromkeys(names), make

    def __getitem__(self, name: str) -> np.ndarray:
        """Makes the array; KeyError if there is none of this name."""
        if name not in self._names:
            raise KeyError(name)
        return self._make(name)

    def __contains__(self, name: object) -> bool:
        """Makes nothing."""
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        """The names."""
        return iter(self._names)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._names)


def write_scores(
    path: Path, scores: Mapping[str, np.ndarray], ids: np.ndarray, provenance: Mapping
) -> None:
    """Writes a score file, whole or not at all; the same content gives the same bytes.

    Args:
        path: MODEL_DIR/scores/DATASET.npz.
        scores: {score key: values [member, example]}, all of one shape.
        ids: Row numbers in the source [example], each once.
        provenance: Origin of the scores, see `ScoreFile`; must be JSON.
    """
    arrays = {key: np.asarray(scores[key], np.float32) for key in sorted(scores)}
    ids = np.asarray(ids, np.int64)
    if fault := _fault(arrays, ids):
        raise ValueError(f"{path}: {fault}.")
    write_npz(path, arrays | {"ids": ids, "provenance": np.array(_canonical(provenance))})


def read_scores(path: Path) -> ScoreFile:
    """Reads a score file.

    Raises:
        InputError: The file is missing or damaged, or its rows are not aligned.
    """
    arrays = read_arrays(path)
    try:
        provenance = parse_json(str(arrays.pop("provenance")))
        ids = arrays.pop("ids")
        if not isinstance(provenance, dict):
            raise ValueError("the provenance is no JSON object")
    except (KeyError, ValueError) as error:
        raise _damaged(path, error) from error
    if fault := _fault(arrays, ids):
        raise InputError(f"{path}: {fault}; {REMEDY}")
    return ScoreFile(arrays, ids, provenance)


def open_scores(path: Path) -> ScoreFile:
    """As `read_scores`; the scores stay in the file, and each is read when it is asked for."""
    file = read_scores(path)
    return replace(file, scores=OnDemand(file.scores, lambda key: read_arrays(path, key)[key]))


def read_arrays(path: Path, name: str | None = None) -> dict[str, np.ndarray]:
    """The arrays of an .npz file that scoring has written: all, or the one of this name.

    Raises:
        InputError: The file is missing or damaged, or holds pickled objects.
    """
    try:
        return read_npz(path, name)
    except FileNotFoundError:
        raise InputError(f"{path} is missing; run with --skip_train=True to score again") from None
    except (OSError, DamagedFileError) as error:
        raise _damaged(path, error) from error


def is_current(path: Path, provenance: Mapping, needed: Collection[str] = ()) -> bool:
    """Whether the file is there, whole, was made from this, and holds what is needed.

    Args:
        path: Path of the score file.
        provenance: Origin that the scores must have. Further entries in the file belong to scores
            that were added later and are ignored.
        needed: Score keys; one that ends in a dot stands for any that begin with it.
    """
    try:
        file = read_scores(path)
    except InputError:
        return False
    is_there = all(met_by(name, file.scores) for name in needed)
    return is_there and file.provenance == file.provenance | json.loads(_canonical(provenance))


def _canonical(provenance: Mapping) -> str:
    return json.dumps(provenance, sort_keys=True, allow_nan=False)


def _fault(scores: Mapping[str, np.ndarray], ids: np.ndarray) -> str:
    """Why the arrays are not the scores of one set of rows; empty: they are."""
    shapes = {array.shape for array in scores.values()}
    if not scores or any(key in NOT_SCORES for key in scores):
        return "holds no scores"
    if len(shapes) > 1 or len(shape := shapes.pop()) != 2 or not shape[0]:
        return "the scores need one common shape [member, example]"
    if any(array.dtype != np.float32 for array in scores.values()) or ids.dtype != np.int64:
        return "the scores must be float32 and the ids int64"
    if ids.shape != shape[1:]:
        return f"has {ids.shape} ids for {shape[1]} examples"
    if len(np.unique(ids)) != len(ids):
        return "has an id twice"
    return ""


def _damaged(path: Path, error: Exception) -> InputError:
    what = " ".join(str(error).split()) or type(error).__name__
    return InputError(f"{path} is damaged ({what}); {REMEDY}")
