"""Checks of what a caller hands to a detector; each complaint names the argument."""

import math
from collections.abc import Collection
from typing import Any

import numpy as np

from tools.errors import InputError


class ArgumentError(InputError, ValueError):
    """An argument, a row of data or a saved detector has a wrong value."""


class UnknownDetectorError(InputError, NotImplementedError):
    """A detector is of a class that cannot be saved or loaded."""


class ArgumentTypeError(InputError, TypeError):
    """An argument is of a wrong type."""


def checked_rows(X: Any, name: str = "X") -> np.ndarray:
    """Rows of numbers as an array [row, ...]: floating types stay, others become float32.

    Raises:
        ArgumentError: There are no rows, or a number is not finite.
        ArgumentTypeError: They are no numbers, or a single row without its first axis.
    """
    rows = np.asarray(X)
    if rows.dtype.kind not in "fiub":
        raise ArgumentTypeError(f"{name}: wants numbers, has the type {rows.dtype}")
    if rows.ndim < 2:
        raise ArgumentTypeError(
            f"{name}: wants an array [row, ...], has the shape {rows.shape}; one row is X[None]"
        )
    if rows.size == 0:
        raise ArgumentError(f"{name}: is empty, its shape is {rows.shape}")
    if rows.dtype not in (np.float32, np.float64):
        rows = rows.astype(np.float32)
    if not np.isfinite(rows.sum()) and (bad := ~np.isfinite(rows)).any():
        row = int(np.flatnonzero(bad.reshape(len(rows), -1).any(axis=1))[0])
        raise ArgumentError(f"{name}: {int(bad.sum())} numbers are not finite, first in row {row}")
    return rows


def checked_number(
    name: str,
    value: Any,
    *,
    above: float = -math.inf,
    at_least: float = -math.inf,
    at_most: float = math.inf,
) -> float:
    """The value as a float.

    Raises:
        ArgumentError: It is not finite or out of its limits.
        ArgumentTypeError: It is no number.
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
    """The value as an int; 1e10 is one.

    Raises:
        ArgumentError: It has a fraction or is too small.
        ArgumentTypeError: It is no number.
    """
    number = checked_number(name, value, at_least=at_least)
    if number != int(number):
        raise ArgumentError(f"{name}={value!r}: must be a whole number")
    return int(number)


def checked_word(name: str, value: Any, known: Collection[str]) -> str:
    """The value, one of the known words.

    Raises:
        ArgumentError: It is none of them.
    """
    if value not in known:
        raise ArgumentError(f"{name}={value!r}: known are {', '.join(known)}")
    return value
