"""Checks of the arguments of detectors; every error names the argument."""

import math
from typing import Any

import numpy as np

from tools.errors import ArgumentError, InputError


class UnknownDetectorError(InputError, NotImplementedError):
    """A detector is of a class that cannot be saved or loaded."""


class ArgumentTypeError(InputError, TypeError):
    """An argument is of a wrong type."""


def checked_rows(
    X: Any, name: str = "X", shape: tuple[int | None, ...] | None = None
) -> np.ndarray:
    """Rows of numbers as an array [row, ...]: floating types stay, others become float32.

    Args:
        X: Anything that NumPy makes an array of.
        name: Name of the argument, for messages.
        shape: Shape of one row, None for lengths that do not matter; None: any shape.

    Raises:
        ArgumentError: There are no rows, they have another shape, or a number is not finite.
        ArgumentTypeError: They are no numbers, or a single row without its first axis.
    """
    rows = np.asarray(X)
    if rows.dtype.kind not in "fiub":
        raise ArgumentTypeError(f"{name}: wants numbers, has the type {rows.dtype}")
    wanted = "[row, ...]" if shape is None else shape_text(shape)
    if rows.ndim < 2 or (shape is not None and rows.ndim == len(shape)):
        raise ArgumentTypeError(
            f"{name}: wants an array {wanted}, has the shape {rows.shape}; for one row give "
            f"{name}[None]"
        )
    if rows.size == 0:
        raise ArgumentError(f"{name}: is empty, its shape is {rows.shape}; must be {wanted}")
    if shape is not None and not shapes_fit(rows.shape[1:], shape):
        raise ArgumentError(
            f"{name}: rows have the shape {rows.shape[1:]}, should have {shape}; give an array "
            f"{wanted}"
        )
    if rows.dtype not in (np.float32, np.float64):
        rows = rows.astype(np.float32)
    if not np.isfinite(rows.sum()) and (bad := ~np.isfinite(rows)).any():
        row = int(np.flatnonzero(bad.reshape(len(rows), -1).any(axis=1))[0])
        raise ArgumentError(f"{name}: {int(bad.sum())} numbers are not finite, first in row {row}")
    return rows


def shapes_fit(shape: tuple[int | None, ...], wanted: tuple[int | None, ...]) -> bool:
    """Whether the shapes are equal where both lengths are known."""
    pairs = zip(shape, wanted, strict=False)
    return len(shape) == len(wanted) and all(a == b or None in (a, b) for a, b in pairs)


def shape_text(row_shape: tuple[int | None, ...]) -> str:
    """Shape of an array of such rows, as in "[row, 28, 28, 1]"; "?" is any length."""
    return f"[{', '.join(['row', *('?' if size is None else str(size) for size in row_shape)])}]"


def checked_number(
    name: str,
    value: Any,
    *,
    above: float = -math.inf,
    at_least: float = -math.inf,
    at_most: float = math.inf,
) -> float:
    """Returns the value as a float.

    Raises:
        ArgumentError: The value is not finite or out of its limits.
        ArgumentTypeError: The value is no number.
    """
    if isinstance(value, bool | str | bytes) or np.ndim(value) != 0:
        raise ArgumentTypeError(f"{name}={value!r}: must be a number")
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise ArgumentTypeError(f"{name}={value!r}: must be a number") from error
    if not math.isfinite(number):
        raise ArgumentError(f"{name}={value!r}: must be finite")
    if number <= above:
        raise ArgumentError(f"{name}={value!r}: must be above {above:g}")
    if number < at_least:
        raise ArgumentError(f"{name}={value!r}: must be at least {at_least:g}")
    if number > at_most:
        raise ArgumentError(f"{name}={value!r}: must be at most {at_most:g}")
    return number


def checked_count(name: str, value: Any, *, at_least: int = 1) -> int:
    """Returns the value as an int; the float 1e10 is accepted.

    Raises:
        ArgumentError: The value has a fraction or is too small.
        ArgumentTypeError: The value is no number.
    """
    number = checked_number(name, value, at_least=at_least)
    if number != int(number):
        raise ArgumentError(f"{name}={value!r}: must be a whole number")
    return int(number)
