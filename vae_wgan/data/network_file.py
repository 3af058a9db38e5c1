"""Files of pretrained networks: what they hold, found without running anything. No TensorFlow."""

import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tools.errors import InputError
from tools.files.readers import reading
from tools.run.checkpoints import file_digest

MODEL_SUFFIXES = (".keras", ".h5", ".hdf5")
SQUEEZENET = "squeezenet"
_SQUEEZENET_LAYER = "fire9/expand3x3"
_MOST_CONFIG = 50_000_000  # bytes of a model's description


class NetworkFile(NamedTuple):
    """A file of a network.

    Attributes:
        path: Absolute path.
        sha256: Digest of its content, in hexadecimal.
        architecture: "own" if the file describes the network itself, "squeezenet" if it holds
            weights of this network, "" if it holds weights alone.
    """

    path: str
    sha256: str
    architecture: str


def read_network_file(name: str, flag: str) -> NetworkFile:
    """Looks into a file of a model or of weights.

    Args:
        name: Path of the file.
        flag: The flag that names it, for messages.

    Raises:
        InputError: There is no such file, it is damaged, or it holds code or layers of its own.
    """
    path = Path(name).expanduser().absolute()
    if not path.is_file() or path.suffix.lower() not in MODEL_SUFFIXES:
        raise InputError(f"--{flag}={name}: name a file that ends in {', '.join(MODEL_SUFFIXES)}")
    with reading(path, zipfile.BadZipFile, RuntimeError, UnicodeDecodeError):
        text, names = _keras_config(path) if path.suffix == ".keras" else _h5_config(path)
        config = json.loads(text) if text else None
    if config is None:
        architecture = SQUEEZENET if _SQUEEZENET_LAYER in names else ""
    else:
        _refuse_code(config, path)
        architecture = "own"
    return NetworkFile(str(path), file_digest(path), architecture)


def _keras_config(path: Path) -> tuple[str, set[str]]:
    with zipfile.ZipFile(path) as archive:
        if archive.getinfo("config.json").file_size > _MOST_CONFIG:
            raise InputError(f"{path}: its config.json is too large for a network")
        return archive.read("config.json").decode(), set()


def _h5_config(path: Path) -> tuple[str, set[str]]:
    """The model's description, if there is one, and the layers' names, if there is none."""
    import h5py

    with h5py.File(path, "r") as file:
        names = {_text(name) for name in file.attrs.get("layer_names", ())}
        return _text(file.attrs.get("model_config", "")), names


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _refuse_code(config: Any, path: Path) -> None:
    """Raises InputError for a description with Python code, or with classes that are not Keras's.

    Keras refuses these too; here they are refused before TensorFlow is loaded.
    """
    for part in _dictionaries(config):
        name = str(part.get("class_name", ""))
        if name in ("Lambda", "__lambda__", "TFOpLambda"):
            raise InputError(f"{path} has a {name} layer, which runs code; save it without one")
        module = part.get("module")
        if name and module is not None and module.split(".")[0] not in ("keras", "builtins"):
            raise InputError(f"{path} has a {name} of {module}, and not of Keras; replace it")


def _dictionaries(value: Any) -> Iterator[Mapping[str, Any]]:
    pending = [value]
    while pending:
        part = pending.pop()
        if isinstance(part, Mapping):
            yield part
            pending.extend(part.values())
        elif isinstance(part, list):
            pending.extend(part)
