"""The file of scored rows, .csv or .parquet by its name, written part by part; nobody else's file.

A file has a line per row: its number, score, p-value and flag, why it is anomalous where more is
known than the score, why it could not be scored, and the columns that members did not use.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import pandas as pd

from tools.errors import InputError
from tools.files.whole_files import whole_file

COLUMNS = ("row", "score", "p_value", "flagged", "reason", "problem")
ENDINGS = (".csv", ".parquet")
PICTURE_COLUMNS = ("path", *COLUMNS[1:])
# What files begin with, those of an earlier version too.
_FIRST_COLUMNS = (COLUMNS[:4], PICTURE_COLUMNS[:4])


def with_given_columns(scored: pd.DataFrame, given: pd.DataFrame) -> pd.DataFrame:
    """Scored rows with further columns of the same rows; one that is called as ours is renamed."""
    numbers = given.select_dtypes("integer").columns  # a later part may miss some of them
    given = given.astype(dict.fromkeys(numbers, "Int64"))
    names = {name: f"{name} (given)" if name in COLUMNS else name for name in given}
    return pd.concat([scored[[*COLUMNS]], given.rename(columns=names)], axis=1)


def write_scored_rows(path: Path, parts: Iterable[pd.DataFrame]) -> None:
    """Writes the parts to the file, all or nothing.

    Args:
        path: Ends in one of ENDINGS.
        parts: At least one, with the same columns each; the first are COLUMNS.
    """
    with whole_file(path) as file:
        write = _write_parquet if path.suffix == ".parquet" else _write_csv
        write(file, iter(parts))


def _write_csv(file: BinaryIO, parts: Iterator[pd.DataFrame]) -> None:
    for number, part in enumerate(parts):
        text = part.to_csv(index=False, header=number == 0, lineterminator="\n")
        file.write(text.encode("utf-8", errors="replace"))


def _write_parquet(file: BinaryIO, parts: Iterator[pd.DataFrame]) -> None:
    import pyarrow.parquet  # here: csv files need not wait for it

    first = pyarrow.Table.from_pandas(next(parts), preserve_index=False)
    # A column of no value at all may have texts in a later part.
    schema = pyarrow.schema(
        field.with_type(pyarrow.string()) if pyarrow.types.is_null(field.type) else field
        for field in first.schema
    )
    with pyarrow.parquet.ParquetWriter(file, schema) as writer:
        writer.write_table(first.cast(schema))
        for part in parts:
            try:
                table = pyarrow.Table.from_pandas(part, schema=schema, preserve_index=False)
            except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError) as error:
                raise InputError(
                    f"the table has numbers and texts in one column ({error.args[-1]}); write"
                    " --output as .csv"
                ) from error
            writer.write_table(table)


def check_output(output: str, *, run: str, inputs: Iterable[str], overwrite: bool) -> None:
    """Raises InputError where --output would write over a file that is not an earlier output.

    Args:
        output: Value of --output.
        run: Folder of the run.
        inputs: Files that are read, or were.
        overwrite: Whether the user wants another existing file to be replaced.
    """
    path = Path(os.path.abspath(os.path.expanduser(output)))
    for other in inputs:
        there = os.path.expanduser(other)
        if os.path.exists(there) and os.path.exists(path) and os.path.samefile(path, there):
            raise InputError(f"--output={output} is {other}, which is read; name another file")
    if not os.path.lexists(path) or (path.is_file() and is_earlier_output(path)):
        return
    if path.resolve().is_relative_to(Path(run).resolve()):
        raise InputError(f"--output={output} is a file of the run; name another file")
    if not overwrite:
        raise InputError(
            f"--output={output} is there and holds no scored rows; name another file, or add"
            " --overwrite"
        )


def is_earlier_output(path: Path) -> bool:
    """Whether a file holds scored rows, by the names of its first columns."""
    try:
        if path.suffix == ".parquet":
            import pyarrow.parquet

            names = pyarrow.parquet.read_schema(path).names
        else:
            with open(path, encoding="utf-8", errors="replace") as file:
                names = file.readline(1000).rstrip("\r\n").split(",")
    except (OSError, ValueError):  # pyarrow's errors are such
        return False
    return tuple(names[:4]) in _FIRST_COLUMNS
