"""Trained detectors from a zoo: a folder or an address with an index of its files' sha256.

A zoo holds ZOO/outlier/DATASET/DETECTOR or ZOO/adversarial/DATASET/MODEL/DETECTOR, each what
save_detector wrote, and index.json, {path below the zoo: sha256}. `scripts/train_zoo.py` makes one.
"""

import http.client
import os
import re
import tempfile
import urllib.parse
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from anomaly.machinery.detector_files import load_detector
from tools.data.sources.downloads import download
from tools.errors import ArgumentError, InputError, checked_word
from tools.files.whole_files import parse_json, write_json
from tools.run.checkpoints import file_digest

INDEX = "index.json"
ZOO_VARIABLE = "WAIC_ZOO"
DETECTOR_TYPES = ("outlier", "adversarial")


def fetch_detector(
    filepath: str | Path,
    detector_type: str,
    dataset: str,
    detector_name: str,
    model: str | None = None,
    *,
    zoo: str | Path | None = None,
) -> Any:
    """Loads a trained detector from filepath, after fetching it from a zoo if need be.

    Args:
        filepath: Folder for the detector; made when missing.
        detector_type: "outlier" or "adversarial".
        dataset: Data set that it was trained on, such as "cifar10".
        detector_name: Class of the detector, such as "OutlierVAE".
        model: Name of the classifier that an adversarial detector defends, such as "cnn".
        zoo: Folder, or an address that begins with https:// or file://; None: the environment
            variable WAIC_ZOO.

    Raises:
        ArgumentError: detector_type is unknown, or an adversarial detector has no model.
        InputError: There is no zoo, it does not have the detector (the message says how to train
            it), a file is not the one in the index, or filepath holds something else.
    """
    name = zoo_path(detector_type, dataset, detector_name, model)
    how = f"train it: python scripts/train_zoo.py --zoo=FOLDER --detectors={detector_name}"
    zoo = zoo or os.environ.get(ZOO_VARIABLE)
    if not zoo:
        raise InputError(f"no zoo to fetch {name} from: give zoo=, set {ZOO_VARIABLE}, or {how}")
    address = _address(zoo)
    folder = Path(filepath).absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=folder.parent) as scratch:
        try:
            index = _read_index(address, Path(scratch))
        except InputError as error:
            raise InputError(f"{error}; give another zoo=, or {how}") from error
        files = {
            PurePosixPath(path).relative_to(name): sha256
            for path, sha256 in index.items()
            if PurePosixPath(path).is_relative_to(name)
        }
        if not files:
            raise InputError(f"the zoo {zoo} does not have {name}; {how}")
        if not _holds(folder, files):
            fetched = Path(scratch) / "detector"
            for path, sha256 in files.items():
                _fetch(f"{address}/{urllib.parse.quote(f'{name}/{path}')}", fetched / path, sha256)
            _put(fetched, folder)
    return load_detector(folder)


def zoo_path(detector_type: str, dataset: str, detector_name: str, model: str | None) -> str:
    """Path of a detector inside a zoo; see `fetch_detector` for the arguments."""
    checked_word("detector_type", detector_type, DETECTOR_TYPES)
    if detector_type == "outlier":
        return f"{detector_type}/{dataset}/{detector_name}"
    if not model:
        raise ArgumentError("model: is missing, the name of the classifier that is defended")
    return f"{detector_type}/{dataset}/{model}/{detector_name}"


def write_index(zoo: Path) -> None:
    """Writes the index of all files below the folder."""
    paths = sorted(path for path in zoo.rglob("*") if path.is_file() and path != zoo / INDEX)
    write_json(zoo / INDEX, {path.relative_to(zoo).as_posix(): file_digest(path) for path in paths})


def _address(zoo: str | Path) -> str:
    if "://" not in str(zoo):
        return Path(zoo).expanduser().absolute().as_uri()
    if not str(zoo).startswith(("https://", "file://")):
        raise InputError(f"zoo={zoo}: an address begins with https:// or file://")
    return str(zoo).rstrip("/")


def _read_index(address: str, scratch: Path) -> dict[str, str]:
    path = scratch / INDEX
    _download(f"{address}/{INDEX}", path)
    try:
        index = parse_json(path.read_bytes())
    except ValueError:
        index = None
    if not isinstance(index, dict) or not all(map(_is_entry, index.items())):
        raise InputError(f"{address}/{INDEX} is no index {{path inside the zoo: sha256}}")
    return index


def _is_entry(entry: tuple[str, Any]) -> bool:
    """Whether an entry is a path that cannot leave its folder, on any system, and a sha256."""
    path, sha256 = entry
    return (
        not path.startswith("/")
        and not re.search(r"[\\:\0]", path)
        and ".." not in path.split("/")
        and isinstance(sha256, str)
        and re.fullmatch(r"[0-9a-f]{64}", sha256) is not None
    )


def _holds(folder: Path, files: Mapping[PurePosixPath, str]) -> bool:
    """Whether the folder already holds the files; refuses a folder with anything else."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return False
    if all(
        (folder / path).is_file() and file_digest(folder / path) == sha256
        for path, sha256 in files.items()
    ):
        return True
    raise InputError(f"{folder} holds something else than this zoo's detector; name a new folder")


def _fetch(address: str, path: Path, sha256: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    _download(address, path)
    if file_digest(path) != sha256:
        raise InputError(f"{address} does not have the sha256 of the zoo's index; train it anew")


def _download(address: str, path: Path) -> None:
    try:
        download(address, path)
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)  # the cause inside a URLError
        raise InputError(f"{address} cannot be had: {reason}") from error


def _put(fetched: Path, folder: Path) -> None:
    """Moves the fetched detector to its folder."""
    if folder.exists():
        folder.rmdir()  # empty, see _holds
    fetched.rename(folder)
