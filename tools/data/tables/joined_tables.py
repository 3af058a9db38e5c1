"""A table and a second one, to be tested, as one table with the first one's columns."""

from collections.abc import Collection
from dataclasses import replace

import pandas as pd

from tools.data.tables.table_datasets import NamedTable
from tools.errors import InputError


def joined_tables(first: NamedTable, second: NamedTable, optional: Collection[str]) -> NamedTable:
    """The rows of both tables, the first one's first, under the first one's name.

    Columns are matched by name; those that the second has besides are left out.

    Args:
        first: The table whose columns are used.
        second: The other table.
        optional: Columns that a table may lack, such as the label; they are missing there.

    Raises:
        InputError: The second table lacks a column.
    """
    columns = [*first.frame, *(name for name in second.frame if name in optional)]
    columns = list(dict.fromkeys(columns))
    lacking = [name for name in first.frame if name not in second.frame and name not in optional]
    if lacking:
        raise InputError(
            f"the table lacks {', '.join(lacking)}; it has {', '.join(second.frame)}. Columns are"
            " matched by name; --drop_columns leaves some out"
        )
    further = [name for name in second.frame if name not in columns]
    words = [f"not used, as the first table has them not: {', '.join(further)}"] if further else []
    notes = [f"{second.name}: {note}" for note in (*second.notes, *words)]
    frame = pd.concat(
        [table.frame.reindex(columns=columns) for table in (first, second)], ignore_index=True
    )
    return replace(first, frame=frame, notes=(*first.notes, *notes))
