"""Reading tables with named columns: csv, csv.gz, parquet, npz."""

import io
from pathlib import Path

import pandas as pd

from tools.data.readers import npz_names, read_gzip, read_npz, reading
from tools.errors import InputError


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
        content: Of the file, uncompressed.
        path: The file; its ending tells the format.

    Raises:
        InputError: The content has another format, or no row.
    """
    if path.suffix == ".npz":
        frame = _npz_table(path)
    elif path.suffix == ".parquet":
        with reading(path, ImportError):
            frame = pd.read_parquet(io.BytesIO(content))
    else:
        with reading(path):
            frame = pd.read_csv(io.BytesIO(content), low_memory=False)
    if frame.empty:
        raise InputError(f"{path} has no rows")
    return frame.reset_index(drop=True).rename(columns=str)


def _npz_table(path: Path) -> pd.DataFrame:
    columns = {}
    for name in npz_names(path):
        array = read_npz(path, name)
        if array.ndim == 2 and name == "x":
            columns |= {f"x{index}": array[:, index] for index in range(array.shape[1])}
        elif array.ndim == 1:
            columns[name] = array
        else:
            raise InputError(
                f"{path}: {name} has the shape {array.shape}; a table has arrays [row], and one"
                " [row, column] called x"
            )
    lengths = {len(column) for column in columns.values()}
    if len(lengths) > 1:
        raise InputError(f"{path}: its arrays have different lengths: {sorted(lengths)}")
    return pd.DataFrame(columns)
