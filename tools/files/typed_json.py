"""From parsed JSON to dataclasses: every value is checked against its type annotation."""

import dataclasses
import types
from collections.abc import Mapping
from typing import Annotated, Any, get_args, get_origin, get_type_hints


class MalformedError(Exception):
    """A value has another type than its annotation says; the message is its path."""


def typed(kind: Any, value: Any, path: str) -> Any:
    """The value as an instance of a type.

    Args:
        kind: str, bool, int, float (integers too), Any; of such types a `kind | None`,
            `tuple[kind, ...]`, `Mapping[str, kind]` or dataclass, whose unknown entries are passed
            over; or `Annotated[kind, check]` with a function that tells whether a value is allowed.
        value: Parsed JSON.
        path: Where the value stands, such as "manifest.settings".

    Raises:
        MalformedError: A part of the value has another type, or an entry without a default is
            missing; the message is the path of that part.
    """
    origin, arguments = get_origin(kind), get_args(kind)
    if kind is Any:
        return value
    if dataclasses.is_dataclass(kind):
        return _record(kind, value, path)
    if origin is Annotated:
        return _require(arguments[1](typed(arguments[0], value, path)), value, path)
    if origin is types.UnionType:
        return None if value is None else typed(arguments[0], value, path)
    if origin is tuple:
        _require(isinstance(value, list), value, path)
        return tuple(typed(arguments[0], part, f"{path}[{i}]") for i, part in enumerate(value))
    if origin is Mapping:
        _require(isinstance(value, dict), value, path)
        return {name: typed(arguments[1], part, f"{path}.{name}") for name, part in value.items()}
    allowed = (int, float) if kind is float else (kind,)
    return _require(type(value) in allowed, value, path)  # type: a bool is no int


def _record(kind: Any, value: Any, path: str) -> Any:
    _require(isinstance(value, dict), value, path)
    hints = get_type_hints(kind, include_extras=True)
    given = {
        field.name: typed(hints[field.name], value[field.name], f"{path}.{field.name}")
        for field in dataclasses.fields(kind)
        if field.name in value
    }
    try:
        return kind(**given)
    except TypeError as error:  # an entry without a default is missing
        raise MalformedError(path) from error


def _require(condition: bool, value: Any, path: str) -> Any:
    if not condition:
        raise MalformedError(path)
    return value
