"""Exceptions for faults of the input, in contrast to bugs of the program."""

from collections.abc import Collection
from typing import Any


class InputError(Exception):
    """Wrong flag, file or data.

    The message is one line for a person: it names the flag or file and says what to do. Entry
    scripts print it and exit with code 2; any other exception is a bug and keeps its traceback.
    """


class ArgumentError(InputError, ValueError):
    """An argument, a row of data or a saved detector has a wrong value."""


def checked_word(name: str, value: Any, known: Collection[str]) -> str:
    """The value of the argument of this name, one of the known words.

    Raises:
        ArgumentError: The value is not among the words.
    """
    if value not in known:
        raise ArgumentError(f"{name}={value!r}: known are {', '.join(known)}")
    return value
