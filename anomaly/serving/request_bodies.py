"""What requests hold: rows or pictures as arrays, checked; a fault is an InputError."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from tools.data.images.preprocessing import as_images
from tools.errors import InputError
from tools.files.whole_files import parse_json

MOST_ROWS = 10_000  # in one request
# Types of the Open Inference Protocol.
_NUMBERS = {
    **{
        f"{sign}INT{bits}": f"{sign.lower()}int{bits}"
        for sign in ("", "U")
        for bits in (8, 16, 32, 64)
    },
    **{"FP16": "float16", "FP32": "float32", "FP64": "float64", "BOOL": "bool"},
}


def parsed_body(body: bytes) -> Any:
    """The JSON value of a request.

    Raises:
        InputError: It is no JSON.
    """
    try:
        return parse_json(body)
    except ValueError as error:
        raise InputError(f"the request is no JSON: {' '.join(str(error).split())[:200]}") from error


def table_of(value: Any) -> pd.DataFrame:
    """Rows as a table: {"rows": [{column: value}]}, a list of such rows, or one row."""
    rows = value["rows"] if isinstance(value, dict) and "rows" in value else value
    rows = rows if isinstance(rows, list) else [rows]
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise InputError('rows are objects: {"rows": [{"COLUMN": value, ...}, ...]}')
    _check_count(len(rows))
    for row in rows:
        for name, cell in row.items():
            if cell is not None and not isinstance(cell, str | int | float | bool):
                raise InputError(f"column {name} holds a {type(cell).__name__}; write one value")
    return pd.DataFrame(rows)


def images_of(value: Any) -> np.ndarray:
    """Images float32 in [0, 1] of {"images": nested lists}: whole numbers 0 to 255, or floats."""
    if not isinstance(value, dict) or "images" not in value:
        raise InputError('images are nested lists: {"images": [[[0, 255, ...], ...], ...]}')
    return _images(_array(value["images"], "images"))


def inputs_of(value: Any) -> dict[str, np.ndarray]:
    """The tensors of a request of the Open Inference Protocol v2, by name."""
    inputs = value.get("inputs") if isinstance(value, dict) else None
    if not isinstance(inputs, list) or not inputs or not all(isinstance(x, dict) for x in inputs):
        raise InputError('a request has "inputs": a list of {name, shape, datatype, data}')
    tensors = dict(map(_tensor, inputs))
    if len(tensors) < len(inputs):
        raise InputError("two inputs have one name")
    return tensors


def _tensor(value: Mapping[str, Any]) -> tuple[str, np.ndarray]:
    name, shape, kind = value.get("name"), value.get("shape"), value.get("datatype")
    if not isinstance(name, str):
        raise InputError("an input has no name")
    if not isinstance(shape, list) or not _is_shape(shape):
        raise InputError(f"input {name}: shape is a list of whole numbers")
    if kind == "BYTES":
        return name, _texts(name, value.get("data"), shape)
    if kind not in _NUMBERS:
        raise InputError(f"input {name}: datatype is BYTES or one of {', '.join(_NUMBERS)}")
    array = _array(value.get("data"), name)
    if array.size != np.prod(shape, dtype=object):
        raise InputError(f"input {name}: shape {shape} has not {array.size} values")
    with np.errstate(over="ignore", invalid="ignore"):
        return name, array.reshape(shape).astype(_NUMBERS[kind])


def _is_shape(shape: Sequence[Any]) -> bool:
    return all(type(size) is int and 0 <= size < 2**31 for size in shape)


def _texts(name: str, data: Any, shape: Sequence[int]) -> np.ndarray:
    if not isinstance(data, list) or not all(isinstance(x, str) for x in data):
        raise InputError(f"input {name}: data is a list of texts")
    if len(data) != np.prod(shape, dtype=object):
        raise InputError(f"input {name}: shape {list(shape)} has not {len(data)} values")
    return np.array(data, object)


def table_of_tensors(tensors: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """A table of tensors [row] or [row, 1], one for each column."""
    columns = {}
    for name, tensor in tensors.items():
        if tensor.ndim > 2 or (tensor.ndim == 2 and tensor.shape[1] != 1) or tensor.ndim == 0:
            raise InputError(f"input {name}: a column has the shape [rows] or [rows, 1]")
        columns[name] = tensor.reshape(-1)
    if len({len(column) for column in columns.values()}) > 1:
        raise InputError("the inputs have different numbers of rows")
    frame = pd.DataFrame(columns)
    _check_count(len(frame))
    return frame


def images_of_tensors(tensors: Mapping[str, np.ndarray]) -> np.ndarray:
    """The images of the only tensor: UINT8, or floats in [0, 1]."""
    if len(tensors) != 1:
        raise InputError("pictures come as one input [image, height, width, channel]")
    (tensor,) = tensors.values()
    return _images(tensor)


def _images(array: np.ndarray) -> np.ndarray:
    _check_count(len(array) if array.ndim else 0)
    if array.dtype.kind in "iu":
        if array.min() < 0 or array.max() > 255:
            raise InputError("images hold whole numbers beyond 0 to 255")
        array = array.astype(np.uint8)
    return as_images(array, "images")


def _array(data: Any, name: str) -> np.ndarray:
    """Nested lists of numbers as an array."""
    try:
        array = np.array(data)
    except ValueError as error:
        raise InputError(f"{name}: the lists have different lengths") from error
    if array.dtype.kind not in "fiub" or not array.ndim or not array.size:
        raise InputError(f"{name}: data is a list of numbers, or lists of these")
    return array


def _check_count(count: int) -> None:
    if not 0 < count <= MOST_ROWS:
        raise InputError(f"a request has 1 to {MOST_ROWS} rows, not {count}")
