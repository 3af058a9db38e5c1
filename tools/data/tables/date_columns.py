"""Columns of dates, and what members see of them: hour, weekday, day of the year, elapsed time.

The time itself is no feature unless it is asked for: rows to come lie beyond all that was learned.
With several columns of dates, the days after the first one are features too.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
import pandas as pd

from tools.data.tables.table_columns import ISO, SECONDS_PER_DAY, dates, is_numeric

_DAYS = ("%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%d-%m-%Y", "%d %b %Y", "%d-%b-%Y")
_TIMES = ("", " %H:%M", " %H:%M:%S")
FORMATS = (ISO, *(day + time for day in _DAYS for time in _TIMES))
WEEKDAYS = np.array(["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"], object)
DAYS_OF_A_YEAR = 365.25
_SHORTEST = 6  # characters of a date


@dataclasses.dataclass(frozen=True)
class DateColumn:
    """A column of dates.

    Attributes:
        name: Name of the column.
        format: One of FORMATS.
        has_hour: Whether the hour of the day is a feature: some training row has one.
        has_season: Whether the day of the year is a feature: training rows cover a year.
        may_miss: Whether the whole table misses some date; if not, none may be missing.
        since: Column of dates from which days are counted; "": none is.
        origin: Seconds since 1970 from which days are counted; None: they are not.
    """

    name: str
    format: str
    has_hour: bool
    has_season: bool
    may_miss: bool
    since: str = ""
    origin: float | None = None

    @property
    def description(self) -> str:
        """What is made of the column."""
        words = ["weekday"] + ["hour"] * self.has_hour + ["day of the year"] * self.has_season
        words += [f"days after {self.since}"] if self.since else []
        words += ["elapsed days"] if self.origin is not None else []
        written = "" if self.format == ISO else f" written {self.format}"
        return f"date{written}: {', '.join(words)}"

    def seconds(self, column: pd.Series) -> np.ndarray:
        """Seconds since 1970, UTC, float64 [row]; NaN where there is no date."""
        return dates(column, self.format)


def fit_date_columns(
    frame: pd.DataFrame, training_rows: np.ndarray, *, elapsed: bool
) -> list[DateColumn]:
    """The columns in which all texts are dates, in the table's order.

    Args:
        frame: The table.
        training_rows: Row numbers.
        elapsed: Whether the days since the first training row are a feature.
    """
    found: list[DateColumn] = []
    for name, column in frame.items():
        if format_ := date_format(column):
            every = dates(column, format_)
            seconds = every[training_rows][~np.isnan(every[training_rows])]
            if not len(seconds):
                continue
            span = np.ptp(seconds) / SECONDS_PER_DAY
            found.append(
                DateColumn(
                    str(name),
                    format_,
                    has_hour=bool((seconds % SECONDS_PER_DAY).any()),
                    has_season=bool(span >= DAYS_OF_A_YEAR),
                    may_miss=bool(np.isnan(every).any()),
                    since=found[0].name if found else "",
                    origin=float(seconds.min()) if elapsed else None,
                )
            )
    return found


def date_format(column: pd.Series) -> str:
    """The first format in which all values of a column are dates; "" if there is none."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return ISO
    if is_numeric(column) or isinstance(column.dtype, pd.CategoricalDtype):
        return ""
    texts = pd.Series(column.dropna().unique())
    if texts.empty or not all(isinstance(text, str) and len(text) >= _SHORTEST for text in texts):
        return ""
    some = texts[:20]
    return next(
        (
            format_
            for format_ in FORMATS
            if not np.isnan(dates(some, format_)).any()
            and not np.isnan(dates(texts, format_)).any()
        ),
        "",
    )


def with_parts_of_dates(frame: pd.DataFrame, columns: Sequence[DateColumn]) -> pd.DataFrame:
    """The table with columns of the dates' parts in place of the dates."""
    seconds = {column.name: column.seconds(frame[column.name]) for column in columns}
    parts: dict[str, np.ndarray] = {}
    for column in columns:
        name, time = column.name, seconds[column.name]
        parts[f"{name} (weekday)"] = _weekdays(time)
        if column.has_hour:
            parts[f"{name} (hour of the day)"] = time % SECONDS_PER_DAY / 3600
        if column.has_season:
            parts[f"{name} (day of the year)"] = _days_of_year(time)
        if column.since:
            days = (time - seconds[column.since]) / SECONDS_PER_DAY
            parts[f"{name} (days after {column.since})"] = days
        if column.origin is not None:
            parts[f"{name} (elapsed days)"] = (time - column.origin) / SECONDS_PER_DAY
    return frame.drop(columns=[*seconds]).assign(**parts)


def _weekdays(seconds: np.ndarray) -> np.ndarray:
    missing = np.isnan(seconds)
    days = np.where(missing, 0, seconds // SECONDS_PER_DAY).astype(np.int64)
    names = WEEKDAYS[(days + 3) % 7]  # 1 January 1970 was a Thursday
    names[missing] = None
    return names


def _days_of_year(seconds: np.ndarray) -> np.ndarray:
    times = pd.to_datetime(pd.Series(seconds), unit="s", errors="coerce")
    return times.dt.day_of_year.to_numpy(np.float64)
