"""Reading tables with named columns: csv, csv.gz, parquet, npz."""

import io
from pathlib import Path

import numpy as np
import pandas as pd

from tools.errors import InputError
from tools.files.array_files import refuse_large
from tools.files.readers import npz_names, read_gzip, read_npz_array, reading


def table_content(path: Path) -> bytes:
    """The bytes of a file, uncompressed where it is a .gz."""
    if path.suffix == ".gz":
        return read_gzip(path)
    with reading(path):
        return path.read_bytes()


def parse_table(content: bytes, path: Path) -> pd.DataFrame:
    """The table in a file.

    An .npz has a column per array [row]; an array [row, column] called x gives x0, x1 and so on.

    Args:
        content: Uncompressed content of the file.
        path: The file; its ending tells the format.

    Raises:
        InputError: The content has another format, or no row.
    """
    if path.suffix == ".npz":
        frame = _npz_table(path)
    elif path.suffix == ".parquet":
        frame = _parse_parquet(content, path)
    else:
        frame = _parse_csv(content, path)
    if frame.empty:
        raise InputError(f"{path} has no rows")
    return frame.reset_index(drop=True).rename(columns=str)


def _parse_parquet(content: bytes, path: Path) -> pd.DataFrame:
    with reading(path, ImportError, AttributeError, KeyError, OverflowError, TypeError):
        import pyarrow.parquet  # here: csv files need not wait for it

        file = pyarrow.parquet.ParquetFile(io.BytesIO(content))
        _refuse_wide(file.metadata.num_rows, file.metadata.num_columns)
        for field in file.schema_arrow:
            if pyarrow.types.is_nested(field.type):
                raise ValueError(
                    f"its column {field.name} holds {field.type}, not numbers or texts"
                )
        frame = pd.read_parquet(io.BytesIO(content))
        return frame.reset_index() if any(frame.index.names) else frame


def _parse_csv(content: bytes, path: Path) -> pd.DataFrame:
    with reading(path, OverflowError):
        columns = pd.read_csv(io.BytesIO(content), nrows=0).shape[1]
        _refuse_wide(content.count(b"\n") + content.count(b"\r"), columns)
        frame = pd.read_csv(io.BytesIO(content), low_memory=False)
        if not isinstance(frame.index, pd.RangeIndex):  # pandas takes the first fields for names
            raise ValueError("its rows have more fields than its heading has names")
        return frame


def _refuse_wide(rows: int, columns: int) -> None:
    """Raises InputError where few bytes claim a large table: a wide header over many short rows."""
    refuse_large(8 * rows * columns, f"a table of {rows:,} rows and {columns:,} columns")


def _npz_table(path: Path) -> pd.DataFrame:
    columns: dict[str, np.ndarray] = {}
    for name in npz_names(path):
        array = read_npz_array(path, name)
        if array.ndim == 2 and name == "x":
            found = {f"x{index}": column for index, column in enumerate(array.T)}
        elif array.ndim == 1:
            found = {name: array}
        else:
            raise InputError(
                f"{path}: {name} has the shape {array.shape}; a table has arrays [row], and one"
                " [row, column] called x"
            )
        if twice := found.keys() & columns.keys():
            raise InputError(f"{path} has two columns {', '.join(sorted(twice))}; rename one")
        columns |= found
    lengths = {len(column) for column in columns.values()}
    if len(lengths) > 1:
        raise InputError(f"{path}: its arrays have different lengths: {sorted(lengths)}")
    return pd.DataFrame(columns)
