"""Encodes tables as standardised features, float32 [row, feature]: what members see.

Every statistic comes from the training rows alone. A numeric column with heavy tails is curbed by
an inverse hyperbolic sine, near to x for small x and to log(2x) for large x (Johnson 1949), in the
unit that makes the column most like a normal distribution; then it is standardised. A missing
number becomes the median, and a feature of its own says so. Truth values stay 0 and 1. A column of
texts has a feature, 0 or 1, for each of its commonest texts. Dates become numbers and texts first
(`date_columns`). Columns that are the same in all training rows, row numbers and ids, and texts
that hardly repeat are left out.
"""

import dataclasses
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import pandas as pd

from tools.data.tables.date_columns import DateColumn, fit_date_columns, with_parts_of_dates
from tools.data.tables.encoded_columns import (
    CategoricalColumn,
    ConstantColumn,
    NumericColumn,
    fit_column,
)
from tools.data.tables.identifiers import is_called_id, may_name_rows, row_number_reason
from tools.data.tables.table_columns import is_numeric, numbers, with_time_of_day
from tools.errors import InputError


@dataclasses.dataclass(frozen=True)
class TableEncoder:
    """Encodes a table that has the columns of the training table.

    Attributes:
        columns: The columns that members see, in the order of the features.
        left_out: Why members do not see the others, by name.
        needed: The table's own columns that are read.
        time_column: Replaced by the hour of the day; empty: there is none.
        absolute_time: Whether the time itself is a feature, too.
        constants: Value of each column that never moved in the training rows; None: it was always
            missing there.
        date_columns: Columns of dates, replaced by their parts.
        questions: What the user may know better, a sentence each.
    """

    columns: tuple[NumericColumn | CategoricalColumn, ...]
    left_out: Mapping[str, str]
    needed: tuple[str, ...]
    time_column: str
    absolute_time: bool
    constants: Mapping[str, float | str | None] = dataclasses.field(default_factory=dict)
    date_columns: tuple[DateColumn, ...] = ()
    questions: tuple[str, ...] = ()

    @property
    def features(self) -> tuple[str, ...]:
        """Names of all features."""
        return tuple(name for column in self.columns for name in column.features)

    @property
    def feature_columns(self) -> tuple[str, ...]:
        """Name of the column that each feature is made of."""
        return tuple(column.name for column in self.columns for _ in column.features)

    @property
    def preview(self) -> str:
        """What was inferred about each column, one line each; ends with a newline."""
        dates = {column.name: column.description for column in self.date_columns}
        known = {column.name: column.description for column in self.columns}
        lines = dates | known | {name: f"left out: {why}" for name, why in self.left_out.items()}
        width = max(map(len, lines))
        return "".join(f"  {name:{width}}  {words}\n" for name, words in lines.items())

    def encode(self, frame: pd.DataFrame) -> np.ndarray:
        """Features float32 [row, feature].

        Raises:
            InputError: The columns are not those of the training table, or a value does not fit.
        """
        self.check_columns(frame)
        frame = with_time_of_day(frame, self.time_column, self.absolute_time)
        frame = with_parts_of_dates(frame, self.date_columns)
        encoded = np.empty((len(frame), len(self.features)), np.float32)
        start = 0
        for column in self.columns:
            stop = start + len(column.features)
            encoded[:, start:stop] = column.encode(frame[column.name])
            start = stop
        return encoded

    def to_json(self) -> dict[str, Any]:
        """The encoder as JSON, for `encoder_from_json`."""
        return dataclasses.asdict(self)

    def check_columns(self, frame: pd.DataFrame, *, with_others: bool = False) -> None:
        """Raises InputError where columns are missing or, unless `with_others`, not known."""
        missing = [name for name in self.needed if name not in frame]
        known = {*frame} if with_others else {*self.needed, *self.left_out}
        unknown = [name for name in frame if name not in known]
        faults = [f"lacks {', '.join(missing)}"] if missing else []
        faults += [f"has {', '.join(unknown)}, which the training table has not"] if unknown else []
        if faults:
            raise InputError(f"the table {' and '.join(faults)}")


def encoder_from_json(value: Mapping[str, Any]) -> TableEncoder:
    """The encoder whose `to_json` gave the value.

    Raises:
        InputError: It is the value of none.
    """
    try:
        columns = tuple(
            CategoricalColumn(column["name"], tuple(column["categories"]))
            if "categories" in column
            else NumericColumn(**column)
            for column in value["columns"]
        )
        lists = {name: tuple(value.get(name, ())) for name in ("needed", "questions")}
        dates = tuple(DateColumn(**column) for column in value.get("date_columns", ()))
        encoder = TableEncoder(**{**value, **lists, "columns": columns, "date_columns": dates})
        _check_types(encoder)
    except (AttributeError, KeyError, TypeError) as error:
        raise InputError(f"the table's encoder in manifest.json is damaged: {error}") from error
    return encoder


def _check_types(encoder: TableEncoder) -> None:
    """Raises TypeError where a part is neither text nor number as it has to be."""
    texts_in = [encoder.time_column, *encoder.needed, *encoder.left_out, *encoder.constants]
    texts_in += [*encoder.questions]
    constants = [value for value in encoder.constants.values() if value is not None]
    numbers_in = [value for value in constants if not isinstance(value, str)]
    for date in encoder.date_columns:
        texts_in += [date.name, date.format, date.since]
        numbers_in += [] if date.origin is None else [date.origin]
    for column in encoder.columns:
        texts_in.append(column.name)
        if isinstance(column, CategoricalColumn):
            texts_in += column.categories
        else:
            unit = 0.0 if column.unit is None else column.unit
            numbers_in += [column.median, column.mean, column.scale, unit]
    if not all(isinstance(text, str) for text in texts_in):
        raise TypeError("a name is no text")
    if not all(type(number) in (int, float) for number in numbers_in):
        raise TypeError("a statistic is no number")


def fit_encoder(
    frame: pd.DataFrame,
    training_rows: np.ndarray,
    *,
    time_column: str = "",
    absolute_time: bool = False,
    not_features: Mapping[str, str] | None = None,
    kept: Collection[str] = (),
) -> TableEncoder:
    """Infers what each column is from the whole table, and its statistics from the training rows.

    Args:
        frame: The table, with the rows to be tested: a column that misses values anywhere may.
        training_rows: Row numbers.
        time_column: As in TableEncoder.
        absolute_time: As in TableEncoder; also for dates.
        not_features: Why members are not to see columns such as the label, by name.
        kept: Columns that members see although they look like row numbers or ids.

    Raises:
        InputError: A value does not fit into its column; no column is left.
    """
    left_out = {name: why for name, why in (not_features or {}).items() if name in frame}
    features = frame.drop(columns=list(left_out))
    needed = tuple(features)
    timed = with_time_of_day(features, time_column, absolute_time)
    dates = fit_date_columns(timed, training_rows, elapsed=absolute_time)
    columns, constants, questions = [], {}, []
    for index, (name, column) in enumerate(with_parts_of_dates(timed, dates).items()):
        fitted: NumericColumn | CategoricalColumn | ConstantColumn | str = ""
        if name in features and name not in kept:
            fitted, question = _identity(name, column, training_rows, is_first=index == 0)
            questions += [question] if question else []
        fitted = fitted or fit_column(name, column, training_rows)
        if isinstance(fitted, str):
            left_out[name] = fitted
        elif isinstance(fitted, ConstantColumn):
            left_out[name] = fitted.description
            constants[name] = fitted.value
        else:
            columns.append(fitted)
    if not columns:
        raise InputError("the table has no column to learn from")
    # Of a date or the time, parts may be left out; the column itself is needed.
    sources = {time_column, *(date.name for date in dates)}
    needed = tuple(name for name in needed if name not in left_out or name in sources)
    return TableEncoder(
        tuple(columns),
        left_out,
        needed,
        time_column,
        absolute_time,
        constants,
        tuple(dates),
        tuple(questions),
    )


def _identity(
    name: str, column: pd.Series, training_rows: np.ndarray, *, is_first: bool
) -> tuple[str, str]:
    """Why a column that names rows is left out, or what is to be asked about one that may."""
    if not is_numeric(column):
        return "", ""
    values = numbers(column)[training_rows]
    if reason := row_number_reason(values):
        return reason, ""
    if not may_name_rows(values):
        return "", ""
    words = "its whole numbers are nearly all different, as ids are"
    if is_first or is_called_id(name):
        return f"{words}; --keep_columns={name} keeps it", ""
    return "", f"{name}: {words}; --drop_columns={name} leaves it out"
