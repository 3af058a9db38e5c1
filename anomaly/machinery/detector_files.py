"""Saved detectors: a folder with one JSON record, and a .keras or .npz file per network."""

import hashlib
import logging
import os
import re
import shutil
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

import anomaly
from anomaly.machinery.detector_base import Detector
from anomaly.machinery.detector_input import UnknownDetectorError
from tools.errors import ArgumentError
from tools.files.array_files import refuse_large
from tools.files.whole_files import (
    DamagedFileError,
    parse_json,
    read_npz,
    write_bytes,
    write_json,
    write_npz,
)

_LOG = logging.getLogger(__name__)
_RECORD = "detector.json"
_FORMAT = 1
# Names under which Keras's layers store the lengths of their weights.
_SIZES = {"units", "filters", "input_dim", "output_dim", "num_heads", "key_dim", "value_dim"}
_SHAPES = {"batch_shape", "build_input_shape", "input_shape", "shapes_dict"}
_SMALL_LAYER = 65_536  # units that a layer may have whatever the size of its weights
_FILE_NAME = re.compile(r"\w+-[0-9a-f]{16}\.(keras|npz)", re.ASCII)
# The classes that a record may name; the package knows their modules.
_CLASSES = {
    "AdversarialAE",
    "AdversarialVAE",
    "EnsembleDetector",
    "ModelDistillation",
    "OutlierVAE",
}
# Keras writes an activation by its function's name and knows no functions of these names.
_TENSORFLOW_FUNCTIONS = {
    "log_softmax_v2": tf.nn.log_softmax,
    "softmax_v2": tf.nn.softmax,
}


def save_detector(detector: Detector, filepath: str | os.PathLike, legacy: bool = False) -> None:
    """Saves a detector into a folder, wholly or not at all: a failure leaves the folder as it was.

    The optimizer's state is not kept.

    Args:
        detector: Fitted or not.
        filepath: The folder, which is made if need be. An earlier detector in it is replaced.
        legacy: Has no effect but a warning: there is one format, JSON and .keras files.

    Raises:
        ArgumentError: A network holds a lambda, which cannot be loaded safely; or `meta` holds a
            value that JSON does not know.
        UnknownDetectorError: The detector is of a class that cannot be saved.
    """
    if legacy:
        _LOG.warning("legacy=True has no effect: there is one format, JSON and .keras files")
    name = type(detector).__name__
    if name not in _CLASSES or not isinstance(detector, Detector):
        raise UnknownDetectorError(f"{name} cannot be saved; known are {sorted(_CLASSES)}")
    folder = Path(filepath).resolve()
    if folder.exists() and not folder.is_dir():
        raise ArgumentError(f"{filepath} is a file; name a folder")
    if not folder.exists():
        _LOG.warning("%s does not exist and is made", folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
    partial = folder.with_name(f".{folder.name}.{os.getpid()}.partial")
    try:
        _write(detector, partial)
        _take_place(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def load_detector(
    filepath: str | os.PathLike, *, custom_objects: Mapping[str, Any] | None = None
) -> Any:
    """Loads the detector that was saved in a folder; it gives the scores it gave before.

    Args:
        filepath: The folder.
        custom_objects: Classes and functions by name that the networks use and Keras does not know.

    Raises:
        ArgumentError: The folder does not exist, holds no detector, or is damaged.
        UnknownDetectorError: It holds a detector of a class that this version does not know.
    """
    folder = Path(filepath)
    record = _read_record(folder)
    if record["class"] not in _CLASSES:
        raise UnknownDetectorError(
            f"{folder} holds a {record['class']!r:.40}, a class unknown here"
        )
    known = _TENSORFLOW_FUNCTIONS | dict(custom_objects or {})
    networks = {
        name: _read_network(folder / file, known) for name, file in record["networks"].items()
    }
    try:
        detector = getattr(anomaly, record["class"]).from_saved(record["config"], networks)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise ArgumentError(f"{folder / _RECORD} is damaged: {error}") from error
    detector.meta = record["meta"]
    if (version := detector.meta.get("version")) != anomaly.__version__:
        _LOG.warning("%s is of version %s, this is %s", folder, version, anomaly.__version__)
    return detector


def _write(detector: Detector, folder: Path) -> None:
    folder.mkdir()
    files = {}
    for name, network in detector.networks().items():
        path = _write_network(network, folder, name)
        content = path.read_bytes()
        path.unlink()
        files[name] = f"{name}-{_digest(content)}{path.suffix}"
        write_bytes(folder / files[name], content)
    record = {
        "format": _FORMAT,
        "class": type(detector).__name__,
        "meta": detector.meta,
        "config": detector.get_config(),
        "networks": files,
    }
    try:
        write_json(folder / _RECORD, record)
    except (TypeError, ValueError) as error:
        raise ArgumentError(f"meta or state of {detector!r} is no JSON: {error}") from error


def _write_network(
    network: tf.keras.Model | Mapping[str, np.ndarray], folder: Path, name: str
) -> Path:
    if isinstance(network, Mapping):
        path = folder / f"{name}.npz"
        write_npz(path, network)
        return path
    path = folder / f"{name}.keras"
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*`lambda`", category=UserWarning)
        try:
            network.save(path)
        except UserWarning as warning:
            raise ArgumentError(
                f"{name} holds a lambda, which cannot be loaded safely; give it a named function"
            ) from warning
    return path


def _take_place(partial: Path, folder: Path) -> None:
    """Moves the files into the folder; the record, which names whole files, is replaced last."""
    if not folder.exists():
        os.replace(partial, folder)
        _flush(folder.parent)
        return
    for path in partial.iterdir():
        if path.name != _RECORD:
            os.replace(path, folder / path.name)
    os.replace(partial / _RECORD, folder / _RECORD)
    current = set(_read_record(folder)["networks"].values())
    for path in folder.iterdir():
        if _FILE_NAME.fullmatch(path.name) and path.name not in current:
            path.unlink()
    _flush(folder)


def _read_record(folder: Path) -> dict[str, Any]:
    try:
        record = parse_json((folder / _RECORD).read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ArgumentError(f"{folder} holds no saved detector: no file {_RECORD}") from error
    except (OSError, ValueError) as error:
        raise ArgumentError(f"{folder / _RECORD} is damaged: {error}") from error
    types = {"format": int, "class": str, "meta": dict, "config": dict, "networks": dict}
    if not isinstance(record, dict) or any(
        not isinstance(record.get(key), kind) for key, kind in types.items()
    ):
        raise ArgumentError(f"{folder / _RECORD} is not the record of a saved detector")
    if record["format"] != _FORMAT:
        raise ArgumentError(
            f"{folder / _RECORD} has the format {record['format']}, this version reads {_FORMAT}"
        )
    for file in record["networks"].values():
        if not isinstance(file, str) or not _FILE_NAME.fullmatch(file):
            raise ArgumentError(f"{folder / _RECORD} names {file!r}, which is no saved network")
    return record


def _read_network(
    path: Path, custom_objects: Mapping[str, Any]
) -> tf.keras.Model | dict[str, np.ndarray]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ArgumentError(f"{path}: a part of the saved detector is missing") from error
    if _digest(content) != path.stem.rpartition("-")[2]:
        raise ArgumentError(f"{path} is damaged: it does not have its checksum")
    if path.suffix == ".npz":
        try:
            return read_npz(path)
        except DamagedFileError as error:
            raise ArgumentError(f"{path} is damaged: {error}") from error
    try:
        _refuse_large(path)
        return tf.keras.models.load_model(
            path, custom_objects=custom_objects, compile=False, safe_mode=True
        )
    except Exception as error:  # a damaged or a malicious file may raise anything in Keras
        reason = str(error).strip().partition("\n")[0]
        raise ArgumentError(
            f"{path}: Keras cannot load it; name its own classes and functions in "
            f"custom_objects ({reason})"
        ) from error


def _refuse_large(path: Path) -> None:
    """Raises ValueError where a .keras file claims sizes that its weights do not have."""
    with zipfile.ZipFile(path) as archive:
        claimed = sum(member.file_size for member in archive.infolist())
        refuse_large(claimed, "its content", most=path.stat().st_size)  # Keras does not compress
        largest = max(_sizes(parse_json(archive.read("config.json"))), default=0)
        held = archive.getinfo("model.weights.h5").file_size
    refuse_large(largest, "a layer", most=max(held, _SMALL_LAYER))


def _sizes(config: Any) -> Iterator[int]:
    """Sizes of layers and of their inputs in a network's configuration."""
    if isinstance(config, dict):
        yield from (config[key] for key in _SIZES & config.keys() if type(config[key]) is int)
        for key in _SHAPES & config.keys():
            yield from _numbers(config[key])
        config = list(config.values())
    if isinstance(config, list):
        for part in config:
            yield from _sizes(part)


def _numbers(shapes: Any) -> Iterator[int]:
    """Lengths in one shape or several."""
    if isinstance(shapes, dict):
        shapes = list(shapes.values())
    if isinstance(shapes, list):
        for part in shapes:
            yield from _numbers(part)
    elif type(shapes) is int:
        yield shapes


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
