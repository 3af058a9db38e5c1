"""Columns of two tables are matched by name."""

import pandas as pd

from input_errors import message_of
from tools.data.tables.joined_tables import joined_tables
from tools.data.tables.table_datasets import NamedTable


def named(name, **columns):
    return NamedTable(name, pd.DataFrame(columns), name, [f"read {name}"])


def test_columns_are_matched_by_name_and_optional_ones_are_missing():
    first, second = named("one", a=[1, 2], b=["x", "y"]), named("two", b=["z"], y=[1], a=[3], c=[0])
    joined = joined_tables(first, second, {"y"})
    assert joined.frame[["a", "b"]].to_numpy().tolist() == [[1, "x"], [2, "y"], [3, "z"]]
    assert joined.frame["y"].isna().tolist() == [True, True, False]
    assert joined.name == "one"
    assert [*joined.notes] == [
        "read one", "two: read two", "two: not used, as the first table has them not: c"
    ]  # fmt: skip


def test_lacking_columns_are_named():
    first, second = named("one", a=[1], b=[2], c=[3]), named("two", c=[1], d=[2])
    message = message_of(joined_tables, first, second, {"c"})
    assert message.startswith("the table lacks a, b; it has c, d.")
