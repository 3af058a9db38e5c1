"""Which pictures of a folder are normal, for training or for testing, and which are anomalies."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tools.data.images.image_folder import picture_paths
from tools.errors import InputError

_LOG = logging.getLogger(__name__)
TRAIN, TEST = "train", "test"
# Names, in small letters, of a folder of normal pictures beside folders of anomalies.
NORMAL_NAMES = ("good", "ok", "normal", "ok_front", "sound", "healthy", "defect_free", "no_defect")
MASK_FOLDERS = ("ground_truth", "masks")  # beside the pictures, see mask_files.py
_NOT_PICTURES = (*MASK_FOLDERS, "validation")  # folders of published sets that are left


@dataclass(frozen=True)
class FolderLayout:
    """The pictures of a folder by what they are for.

    Attributes:
        train: Normal pictures to train on; without `test` a tenth of them is for testing.
        test: Normal pictures to test on.
        kinds: {name of a kind of anomaly: its pictures}.
    """

    train: Sequence[Path]
    test: Sequence[Path] = ()
    kinds: Mapping[str, Sequence[Path]] = field(default_factory=dict)


def folder_layout(folder: Path) -> FolderLayout:
    """The layout of a folder, found from the names of the folders in it.

    train/good, test/good and test/KIND is that of MVTec AD; KIND is any name, and good may be one
    of NORMAL_NAMES. train and test alone are normal pictures. Folders beside each other of which
    one has such a name are normal pictures and kinds of anomalies; others are classes, all normal.

    Raises:
        InputError: There are no pictures, or none to train on.
    """
    paths = picture_paths(folder)
    by_part = _by_folder(paths, folder)
    if by_part.keys() >= {TRAIN, TEST}:
        return _divided(by_part, folder)
    normal = _normal_of(by_part)
    if normal is None or len(by_part) == 1:
        if len(by_part) > 1:
            names = ", ".join(sorted(name or "(none)" for name in by_part))
            _LOG.info("%s: the pictures of its folders are all normal: %s", folder.name, names)
        return FolderLayout(paths)
    _tell(folder, normal, kinds := _others(by_part, normal))
    return FolderLayout(by_part[normal], kinds=kinds)


def all_pictures(folder: Path) -> Sequence[Path]:
    """The pictures of a folder that is tested as a whole: those in test, where train is beside."""
    paths = picture_paths(folder)
    by_part = _by_folder(paths, folder)
    return by_part[TEST] if by_part.keys() >= {TRAIN, TEST} else paths


def _divided(by_part: Mapping[str, list[Path]], folder: Path) -> FolderLayout:
    of_train = _by_folder(by_part[TRAIN], folder / TRAIN)
    of_test = _by_folder(by_part[TEST], folder / TEST)
    normal = _normal_of(of_test) or _normal_of(of_train)
    if normal is None and len(of_train) == 1 and len(of_test) > 1:
        (only,) = of_train
        normal = only if only and only in of_test else None
    if normal is None:
        return FolderLayout(by_part[TRAIN], by_part[TEST])
    train = of_train.get(normal, by_part[TRAIN] if len(of_train) == 1 else [])
    if not train:
        raise InputError(f"{folder} has no folder {TRAIN}/{normal} with pictures to train on")
    kinds = _others(of_test, normal)
    _tell(folder, f"{TRAIN}/{normal}", kinds)
    unused = sorted(f"{TRAIN}/{name}" for name in of_train if name != normal and len(of_train) > 1)
    if unused:
        _LOG.info("%s: not used: %s", folder.name, ", ".join(unused))
    return FolderLayout(train, of_test.get(normal, []), kinds)


def _by_folder(paths: Sequence[Path], folder: Path) -> dict[str, list[Path]]:
    """The pictures by the folder that they are in, or below; "" for those in none."""
    found: dict[str, list[Path]] = {}
    for path in paths:
        parts = path.relative_to(folder).parts
        found.setdefault(parts[0] if len(parts) > 1 else "", []).append(path)
    return found


def _normal_of(by_folder: Mapping[str, list[Path]]) -> str | None:
    known = [name for name in by_folder if name.lower() in NORMAL_NAMES]
    return known[0] if len(known) == 1 else None


def _others(by_folder: Mapping[str, list[Path]], normal: str) -> dict[str, list[Path]]:
    left = (normal, *_NOT_PICTURES)
    return {name or "others": paths for name, paths in by_folder.items() if name not in left}


def _tell(folder: Path, normal: str, kinds: Mapping[str, Sequence[Path]]) -> None:
    counted = ", ".join(f"{name} ({len(paths)})" for name, paths in kinds.items())
    _LOG.info("%s: %s is normal; kinds of anomalies: %s", folder.name, normal, counted or "none")
