"""The labelled rows that a run on a table starts from: one table, or a second one to be tested."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd

from tools.data.tables.joined_tables import joined_tables
from tools.data.tables.label_leaks import label_leaks, leak_questions
from tools.data.tables.table_columns import has_label, refuse_missing
from tools.data.tables.table_datasets import TABLE_DATASETS, NamedTable, load_table
from tools.data.tables.table_encoder import TableEncoder, fit_encoder
from tools.data.tables.table_splits import groups_of_equal_features, groups_of_equal_rows
from tools.data.tables.text_format import CsvOptions
from tools.errors import ArgumentError, InputError
from tools.run.run_folder import CALIBRATION

LEAST_ROWS = 100
NOISES = ("uniform_noise", "normal_noise")


class TableDataSettings(Protocol):
    """The settings that choose the data."""

    train_dataset: str
    test_dataset: str
    drop_copies: bool
    data_dir: str
    label_column: str
    normal_label: str
    time_column: str
    absolute_time: bool
    drop_columns: tuple[str, ...]
    keep_columns: tuple[str, ...]
    contamination: float
    protocol: str
    seed: int
    eval_size: int | None

    @property
    def text_options(self) -> CsvOptions:
        """Format of a text file as far as the user states it."""


@dataclass(frozen=True)
class Roles:
    """The label and time columns of a table; an empty name: there is no such column."""

    label_column: str
    normal_label: str
    time_column: str
    anomalies: str


@dataclass(frozen=True)
class TableRows:
    """All rows that a run is given.

    Attributes:
        table: The table, a second one's rows behind the first one's.
        n_first: Number of the first table's rows.
        second_checksum: Checksum of the second table; "": there is none.
        roles: The columns that are no features.
        is_normal: Whether each row is normal, by its label, bool [row]; all are where no table has
            labels.
        has_labels: Whether the rows to be tested have labels.
        settings: The flags.
    """

    table: NamedTable
    n_first: int
    second_checksum: str
    roles: Roles
    is_normal: np.ndarray
    has_labels: bool
    settings: TableDataSettings

    @property
    def frame(self) -> pd.DataFrame:
        """All columns of all rows."""
        return self.table.frame

    @property
    def is_second(self) -> np.ndarray:
        """Whether a row is one of the second table, bool [row]."""
        return np.arange(len(self.frame)) >= self.n_first

    @property
    def not_features(self) -> Mapping[str, str]:
        """Why columns are hidden from the members, by name."""
        dropped = dict.fromkeys(self.settings.drop_columns, "by --drop_columns")
        label = self.roles.label_column
        return dropped | ({label: "the label"} if label else {})

    def fit_encoder(self, training: np.ndarray) -> TableEncoder:
        """The encoder of the rows, fitted on training rows of these numbers."""
        time, settings = self.roles.time_column, self.settings
        return fit_encoder(
            self.frame,
            training,
            time_column="" if time in settings.drop_columns else time,
            absolute_time=settings.absolute_time,
            not_features=self.not_features,
            kept=settings.keep_columns,
        )

    def groups(self) -> np.ndarray:
        """Group number of each row, [row]: rows with equal encoded features share a group.

        The encoder is fitted on the normal rows. The time column and columns that are no features,
        such as row numbers, are ignored.
        """
        time = self.roles.time_column
        no_content = {**self.not_features, **({time: "the time"} if time else {})}
        groups = groups_of_equal_rows(self.frame.drop(columns=list(no_content)))
        encoder = fit_encoder(
            self.frame,
            np.flatnonzero(self.is_normal),
            not_features=no_content,
            kept=self.settings.keep_columns,
        )
        return groups_of_equal_features(groups, encoder.encode(self.frame))

    def questions(self, encoder: TableEncoder) -> tuple[str, ...]:
        """What the user may know better, a sentence each."""
        seen = self.frame.drop(columns=[*self.not_features])
        return *encoder.questions, *leak_questions(label_leaks(seen, self.is_normal))


def load_rows(settings: TableDataSettings) -> TableRows:
    """Reads the table, or both, and finds the normal rows.

    Raises:
        InputError: A table is unavailable or damaged, lacks a column, or has too few rows.
    """
    roles = table_roles(settings)
    first = load_table(settings.train_dataset, settings.data_dir, settings.text_options)
    if not settings.test_dataset:
        return _rows(first, "", len(first.frame), roles, settings)
    second = load_table(settings.test_dataset, settings.data_dir, settings.text_options)
    label = roles.label_column
    if label and label not in first.frame and label not in second.frame:
        raise InputError(f"--label_column={label}: neither table has it")
    optional = {label, *settings.drop_columns} - {""}
    try:
        table = joined_tables(first, second, optional)
    except InputError as error:
        raise InputError(f"--test_dataset={settings.test_dataset}: {error}") from error
    return _rows(table, second.checksum, len(first.frame), roles, settings)


def _rows(
    table: NamedTable,
    second_checksum: str,
    n_first: int,
    roles: Roles,
    settings: TableDataSettings,
) -> TableRows:
    try:
        _check_table(table, n_first, roles, settings)
        is_normal, has_labels = _labels(table, n_first, roles)
    except InputError as error:
        raise InputError(f"--train_dataset={settings.train_dataset}: {error}") from error
    return TableRows(table, n_first, second_checksum, roles, is_normal, has_labels, settings)


def table_roles(settings: TableDataSettings) -> Roles:
    """Roles of the columns, declared by the flags or else by the named table."""
    dataset = TABLE_DATASETS.get(settings.train_dataset)
    if dataset is None:
        label, time = settings.label_column, settings.time_column
        return Roles(label, settings.normal_label, time, "anomalies")
    if settings.label_column:
        label, normal_label = settings.label_column, settings.normal_label
    else:
        label, normal_label = dataset.label_column, dataset.normal_label
    time = settings.time_column or dataset.time_column
    return Roles(label, normal_label, time, dataset.anomalies)


def _check_table(
    table: NamedTable, n_first: int, roles: Roles, settings: TableDataSettings
) -> None:
    named = [("label_column", roles.label_column), ("time_column", roles.time_column)]
    named += [("drop_columns", name) for name in settings.drop_columns]
    named += [("keep_columns", name) for name in settings.keep_columns]
    for flag, column in named:
        if column and column not in table.frame:
            columns = ", ".join(table.frame)
            raise InputError(f"--{flag}={column}: the table has no such column; it has {columns}")
    if n_first < LEAST_ROWS:
        raise InputError(f"the table has {n_first} rows; at least {LEAST_ROWS} are needed")
    if table.name in (CALIBRATION, roles.anomalies, *NOISES):
        raise InputError(f"the name {table.name} is taken by a set of the run; rename the file")


def _labels(table: NamedTable, n_first: int, roles: Roles) -> tuple[np.ndarray, bool]:
    """Whether each row is normal, bool [row], and whether the rows to be tested have labels.

    If one of two tables has no label at all, its rows count as normal.
    """
    is_normal = np.ones(len(table.frame), bool)
    if not roles.label_column:
        return is_normal, False
    labels = table.frame[roles.label_column]
    parts = [slice(0, n_first), slice(n_first, None)]
    labelled = [part for part in parts if labels[part].notna().any()]
    for part in labelled:
        refuse_missing(labels[part], "every row needs its label")
        is_normal[part] = has_label(labels[part], roles.normal_label)
    if labelled and not is_normal[:n_first].any():
        found = ", ".join(map(str, labels.dropna().unique()[:5]))
        raise InputError(
            f"--normal_label={roles.normal_label}: column {labels.name} has it in no row; it has"
            f" {found}"
        )
    tested = labels[n_first:] if n_first < len(labels) else labels
    return is_normal, bool(tested.notna().any())


def as_table(X: Any) -> pd.DataFrame:
    """X as a table whose column names are texts; the columns of an array are "0", "1", ...

    Raises:
        ArgumentError: X is not a table, or is empty.
    """
    if not isinstance(X, pd.DataFrame) and np.ndim(X) != 2:
        raise ArgumentError(
            f"X: wants a pandas.DataFrame or an array [row, column], has the shape {np.shape(X)}"
        )
    table = pd.DataFrame(X).rename(columns=str)
    if table.empty:
        raise ArgumentError(f"X: is empty, its shape is {table.shape}")
    return table
