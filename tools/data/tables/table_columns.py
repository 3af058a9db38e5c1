"""Columns of a table as numbers, texts or times; what does not fit is named by column and row.

Rows are counted from 0, as in the score files.
"""

from typing import Any

import numpy as np
import pandas as pd

from tools.errors import InputError

SECONDS_PER_DAY = 86_400
ISO = "ISO8601"


def is_numeric(column: pd.Series) -> bool:
    """Whether a column has numbers, or texts of which more than half are numbers."""
    if pd.api.types.is_numeric_dtype(column):
        return True
    if pd.api.types.is_datetime64_any_dtype(column):  # pandas would count its units
        return False
    present = column.dropna()
    return _to_numeric(present).notna().sum() > len(present) / 2


def numbers(column: pd.Series) -> np.ndarray:
    """The column as float64 [row]; NaN where a value is missing.

    Raises:
        InputError: A value is a text, or infinite.
    """
    values, is_text = numbers_and_texts(column)
    _refuse_rows(column, is_text, "is no number")
    _refuse_rows(column, np.isinf(values), "is infinite")
    return values


def numbers_and_texts(column: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """The column as float64 [row], NaN where a value is missing or a text, and where it is one."""
    values = _to_numeric(column).to_numpy(np.float64, na_value=np.nan)
    return values, np.isnan(values) & column.notna().to_numpy()


def texts(column: pd.Series) -> np.ndarray:
    """The column as texts, object [row]; "(missing)" where a value is missing."""
    return column.astype(object).where(column.notna(), "(missing)").astype(str).to_numpy(object)


def refuse_missing(column: pd.Series, why: str) -> None:
    """Raises InputError where a value is missing; `why` says what it is needed for."""
    _refuse_rows(column, column.isna().to_numpy(), f"is missing; {why}")


def seconds(column: pd.Series) -> np.ndarray:
    """A column of times as float64 [row]: numbers as they are, dates in seconds since 1970, UTC.

    Raises:
        InputError: A value is missing, or neither a number nor a date.
    """
    refuse_missing(column, "every row needs its time")
    if is_numeric(column):
        return numbers(column)
    found = dates(column)
    _refuse_rows(column, np.isnan(found), "is no date such as 2013-09-01T12:30:00")
    return found


def dates(column: pd.Series, format_: str = ISO) -> np.ndarray:
    """Dates in seconds since 1970, UTC, float64 [row]; NaN where a value is none."""
    found = pd.to_datetime(column, errors="coerce", utc=True, format=format_)
    return (found - pd.Timestamp(0, tz="UTC")).dt.total_seconds().to_numpy(np.float64)


def with_time_of_day(frame: pd.DataFrame, time_column: str, absolute_time: bool) -> pd.DataFrame:
    """The table with the hour of the day, in [0, 24), in place of the time or beside it.

    The hour is one number and not a sine and a cosine: those lie on a circle, on which a density
    has no upper bound.
    """
    if not time_column:
        return frame
    time = seconds(frame[time_column])
    others = frame.drop(columns=time_column)
    own = {f"{time_column} (hour of the day)": time % SECONDS_PER_DAY / 3600}
    if absolute_time:
        own[time_column] = time
    return others.assign(**own)


def has_label(labels: pd.Series, label: str) -> np.ndarray:
    """Whether each row has the label [row]; 0, 0.0 and "0" are one."""
    found = labels.unique()
    return labels.isin(found[[_is_same(value, label) for value in found]]).to_numpy()


def _is_same(value: Any, label: str) -> bool:
    try:
        return float(value) == float(label)
    except (TypeError, ValueError):
        return str(value) == label


def _to_numeric(column: pd.Series) -> pd.Series:
    """Numbers of any size; NaN where a value is none."""
    try:
        return pd.to_numeric(column, errors="coerce")
    except OverflowError:  # an integer beyond the floats; as a text it becomes an infinite one
        return pd.to_numeric(column.astype(str), errors="coerce")


def _refuse_rows(column: pd.Series, is_bad: np.ndarray, fault: str) -> None:
    if not is_bad.any():
        return
    row = int(np.flatnonzero(is_bad)[0])
    more = f" ({is_bad.sum()} such rows)" if is_bad.sum() > 1 else ""
    value = "" if pd.isna(column.iloc[row]) else f" {str(column.iloc[row])[:40]!r}"
    raise InputError(
        f"column {column.name}, row {row} (the first is 0):{value} {fault}{more}; mend the table,"
        " or leave the column out with --drop_columns"
    )
