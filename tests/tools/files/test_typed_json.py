"""Parsed JSON becomes dataclasses, and what has another type is named by its path."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

import pytest

from tools.files.typed_json import MalformedError, typed

Share = Annotated[float, lambda number: 0 <= number <= 1]


@dataclass(frozen=True)
class Inner:
    share: Share = 0.5


@dataclass(frozen=True)
class Outer:
    name: str
    count: int | None = None
    on: bool = False
    parts: tuple[Inner, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    more: Any = None


def test_every_part_has_the_type_of_its_annotation():
    value = {"name": "a", "count": 2, "on": True, "parts": [{"share": 1}, {}], "unknown": 3}
    found = typed(Outer, value | {"seconds": {"x": 1, "y": 0.5}, "more": [None]}, "file")
    assert found == Outer("a", 2, True, (Inner(1), Inner(0.5)), {"x": 1, "y": 0.5}, [None])
    assert typed(Outer, {"name": "a", "count": None}, "file") == Outer("a")


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ([], "file"),
        ({}, "file"),
        ({"name": 1}, "file.name"),
        ({"name": "a", "count": True}, "file.count"),
        ({"name": "a", "count": 1.0}, "file.count"),
        ({"name": "a", "on": 1}, "file.on"),
        ({"name": "a", "parts": {}}, "file.parts"),
        ({"name": "a", "parts": [{}, {"share": 2}]}, "file.parts[1].share"),
        ({"name": "a", "parts": [{}, {"share": "x"}]}, "file.parts[1].share"),
        ({"name": "a", "seconds": []}, "file.seconds"),
        ({"name": "a", "seconds": {"x": None}}, "file.seconds.x"),
    ],
)
def test_the_path_of_a_wrong_part_is_told(value, path):
    with pytest.raises(MalformedError) as error:
        typed(Outer, value, "file")
    assert str(error.value) == path
