"""Reading tables with named columns: text, parquet, feather, npz, xlsx; content tells which."""

import csv
import io
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from tools.data.tables.text_cells import clean_cells
from tools.data.tables.text_format import CsvOptions, find_text_format, sample_rows
from tools.errors import InputError
from tools.files.array_files import refuse_large
from tools.files.packed_files import ZIP, zip_names
from tools.files.readers import npz_names, read_npz_array, reading
from tools.files.watched_bytes import watched

_FOUND = CsvOptions()


class ParsedTable(NamedTuple):
    """A table, and what was found out about its file, a line each."""

    frame: pd.DataFrame
    notes: Sequence[str]


def parse_table(content: bytes, path: Path, options: CsvOptions = _FOUND) -> ParsedTable:
    """The table in a file.

    An .npz has a column per array [row]; an array [row, column] called x gives x0, x1 and so on.

    Args:
        content: The unpacked file, from `unpacked_content`.
        path: The file.
        options: Format of a text, as far as it is not to be found.

    Raises:
        InputError: The content is no table, or has no row.
    """
    notes: list[str] = []
    if content.startswith(b"PAR1"):
        frame = _parse_parquet(content, path)
    elif content.startswith(b"ARROW1"):
        frame = _parse_feather(content, path)
    elif content.startswith(ZIP):
        if "[Content_Types].xml" in zip_names(content):
            content = _sheet_as_text(content, path, notes)
            frame = _parse_text(content, path, options, notes)
        else:
            frame = _npz_table(path)
    elif path.name.endswith((".parquet", ".npz")):
        raise InputError(f"{path} cannot be read: it is no {path.suffix} file, or not all of one")
    else:
        frame = _parse_text(content, path, options, notes)
    if frame.empty:
        raise InputError(f"{path} has no rows")
    return ParsedTable(frame.reset_index(drop=True).rename(columns=str), tuple(notes))


def table_parts(
    content: bytes, path: Path, options: CsvOptions, numbers: Collection[str], rows: int
) -> Iterator[pd.DataFrame]:
    """The table in a file, in parts of so many rows, numbered on: only one is held at a time.

    Args:
        content: As for `parse_table`.
        path: The file.
        options: As for `parse_table`.
        numbers: Columns of numbers or times; others stay the texts that a text has.
        rows: Rows of a part.

    Raises:
        InputError: The content is no table, or has no row.
    """
    if content.startswith(b"PAR1"):
        parts = _parquet_parts(content, path, rows)
    elif content.startswith((b"ARROW1", ZIP)) or path.name.endswith((".parquet", ".npz")):
        frame = parse_table(content, path, options).frame
        parts = (frame[start : start + rows] for start in range(0, len(frame), rows))
    else:
        parts = _text_parts(content, path, options, [], numbers, rows)
    start = 0
    for part in parts:
        yield part.set_axis(pd.RangeIndex(start, start + len(part))).rename(columns=str)
        start += len(part)
    if not start:
        raise InputError(f"{path} has no rows")


def _parquet_parts(content: bytes, path: Path, rows: int) -> Iterator[pd.DataFrame]:
    with reading(path, ImportError, AttributeError, KeyError, OverflowError, TypeError):
        import pyarrow.parquet

        file = _checked_parquet(content)
        for batch in file.iter_batches(batch_size=rows):
            yield _without_index(pyarrow.Table.from_batches([batch]).to_pandas())


def _parse_parquet(content: bytes, path: Path) -> pd.DataFrame:
    with reading(path, ImportError, AttributeError, KeyError, OverflowError, TypeError):
        _checked_parquet(content)
        return _without_index(pd.read_parquet(io.BytesIO(content)))


def _checked_parquet(content: bytes) -> Any:
    import pyarrow.parquet  # here: texts need not wait for it

    file = pyarrow.parquet.ParquetFile(io.BytesIO(content))
    _refuse_wide(file.metadata.num_rows, file.metadata.num_columns)
    _refuse_nested(file.schema_arrow)
    return file


def _parse_feather(content: bytes, path: Path) -> pd.DataFrame:
    with reading(path, ImportError, AttributeError, KeyError, OverflowError, TypeError):
        import pyarrow.dataset
        import pyarrow.ipc

        file = pyarrow.ipc.open_file(content)
        _refuse_nested(file.schema)
        # From the metadata alone, before a column is unpacked.
        rows = pyarrow.dataset.dataset(path, format="ipc").count_rows()
        _refuse_wide(rows, len(file.schema))
        table = file.read_all()
        table.validate(full=True)  # else a damaged text can end the process
        return _without_index(table.to_pandas())


def _refuse_nested(schema: Iterable[Any]) -> None:  # of pyarrow, which has no types
    import pyarrow

    for field in schema:
        if pyarrow.types.is_nested(field.type):
            raise ValueError(f"its column {field.name} holds {field.type}, not numbers or texts")


def _without_index(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.reset_index() if any(frame.index.names) else frame


def _sheet_as_text(content: bytes, path: Path, notes: list[str]) -> bytes:
    """The first sheet of an Excel file as csv."""
    try:
        import openpyxl
    except ImportError as error:
        raise InputError(
            f"{path} is an Excel file, which needs openpyxl; install the extra [excel], or save it"
            " as csv"
        ) from error
    with reading(path, Exception):  # whatever damaged XML leads openpyxl to
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        if len(book.worksheets) > 1:
            notes.append(f"sheet {sheet.title}, the first of {len(book.worksheets)}")
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        for row in sheet.iter_rows(values_only=True):
            if any(cell is not None for cell in row):
                writer.writerow(["" if cell is None else cell for cell in row])
            refuse_large(text.tell(), "its sheet")
    return text.getvalue().encode()


def _parse_text(content: bytes, path: Path, options: CsvOptions, notes: list[str]) -> pd.DataFrame:
    (frame,) = _text_parts(content, path, options, notes)
    return frame


def _text_parts(
    content: bytes,
    path: Path,
    options: CsvOptions,
    notes: list[str],
    numbers: Collection[str] | None = None,
    rows: int | None = None,
) -> Iterator[pd.DataFrame]:
    """The table in parts of so many rows; None: whole.

    Columns other than `numbers` stay the texts that they are; None: what a column is, is found.
    """
    with (
        reading(path, OverflowError, LookupError),
        watched(content, f"reading {path.name}") as stream,
    ):
        found = find_text_format(content, options)
        start = content[: 1 << 20].decode(found.encoding, errors="ignore")
        first = next(iter(sample_rows(start.lstrip("\ufeff"), found.separator)), [])
        if not first:
            raise ValueError("it has no rows")
        _refuse_wide(content.count(b"\n") + content.count(b"\r"), len(first))
        names = _names(first, found.has_heading, notes)
        notes.append(f"read with {found.description}")
        texts = set() if numbers is None else set(names) - set(numbers)
        read = pd.read_csv(
            stream,
            sep=found.separator,
            # With pandas a comma cannot be both; cells in quotes are left to `clean_cells`.
            decimal=found.decimal if found.decimal != found.separator else ".",
            encoding=found.encoding,
            header=0 if found.has_heading else None,
            names=names,
            dtype=dict.fromkeys(texts, "str"),
            skipinitialspace=True,
            low_memory=False,
            chunksize=rows,
        )
        for frame in [read] if rows is None else read:
            if not isinstance(frame.index, pd.RangeIndex):  # pandas takes the first for names
                raise ValueError("its rows have more fields than its heading has names")
            yield clean_cells(frame, found.decimal, found.thousands, texts)


def _names(first: Sequence[str], has_heading: bool, notes: list[str]) -> list[str]:
    """Names of the columns: those of the heading, the second of two equal ones with .1."""
    if not has_heading:
        return [f"c{index}" for index in range(len(first))]
    names: list[str] = []
    for index, name in enumerate(first):
        own = name or f"Unnamed: {index}"
        number = 0
        while (numbered := f"{own}.{number}" if number else own) in names:
            number += 1
        names.append(numbered)
    if repeated := sorted({name for name in first if name and first.count(name) > 1}):
        notes.append(f"names of several columns: {', '.join(repeated)}; further ones end in .1, .2")
    return names


def _refuse_wide(rows: int, columns: int) -> None:
    """Raises ValueError where few bytes claim a large table: a wide header over many short rows."""
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
