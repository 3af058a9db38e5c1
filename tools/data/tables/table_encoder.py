"""Encodes tables as standardised features, float32 [row, feature]: what members see.

Every statistic comes from the training rows alone. A numeric column with heavy tails is curbed by
an inverse hyperbolic sine, near to x for small x and to log(2x) for large x (Johnson 1949), in the
unit that makes the column most like a normal distribution; then it is standardised. A missing
number becomes the median, and a feature of its own says so. Truth values stay 0 and 1. A column of
texts has a feature, 0 or 1, for each of its commonest texts. Columns that are the same in all
training rows, row numbers, and texts that hardly repeat are left out.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from tools.data.tables.table_columns import (
    is_numeric,
    numbers,
    refuse_missing,
    texts,
    with_time_of_day,
)
from tools.errors import InputError

MOST_CATEGORIES = 20
# What units are tried, in standard deviations. With more than half of the values in one point the
# likelihood has no upper bound, hence the last.
UNITS = tuple(2.0**power for power in range(3, -7, -1))
# Spread of equal numbers of 64 bits that were computed in different ways, relative to their size.
ROUNDING = 64 * float(np.finfo(np.float64).eps)


@dataclasses.dataclass(frozen=True)
class NumericColumn:
    """A column of numbers: one feature, and one more where training rows lack it.

    Attributes:
        name: Name of the column.
        median: Median of the training rows; replaces a missing value.
        unit: x becomes arcsinh((x - median) / unit) first; None: it stays.
        mean: Over the training rows, after that.
        scale: Standard deviation likewise.
        may_miss: Whether the whole table misses some value; if not, none may be missing.
        flags_missing: Whether there is a feature that is 1 where the value is missing.
    """

    name: str
    median: float
    unit: float | None
    mean: float
    scale: float
    may_miss: bool
    flags_missing: bool

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features."""
        return (self.name, f"{self.name} is missing") if self.flags_missing else (self.name,)

    @property
    def description(self) -> str:
        """What is done to the column."""
        is_truth = (self.unit, self.mean, self.scale) == (None, 0, 1)
        words = ["0 or 1" if is_truth else "number"]
        words += [f"arcsinh((x - {self.median:.4g}) / {self.unit:.4g})"] if self.unit else []
        words += [f"missing: {self.median:.4g}"] if self.may_miss else []
        words += ["and a feature that says so"] if self.flags_missing else []
        return ", ".join(words)

    def encode(self, column: pd.Series) -> np.ndarray:
        """Features [row, feature] of the column."""
        if not self.may_miss:
            refuse_missing(column, "the training table has no missing value here")
        values = numbers(column)
        missing = np.isnan(values)
        curbed = _curbed(np.where(missing, self.median, values), self.median, self.unit)
        scaled = (curbed - self.mean) / self.scale
        return np.stack([scaled, missing], axis=1)[:, : len(self.features)]


@dataclasses.dataclass(frozen=True)
class CategoricalColumn:
    """A column of texts: a feature, 0 or 1, for each category. Other texts have zeros only."""

    name: str
    categories: tuple[str, ...]

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features."""
        return tuple(f"{self.name}={category}" for category in self.categories)

    @property
    def description(self) -> str:
        """What is done to the column."""
        shown = ", ".join(self.categories[:4]) + ", ..." * (len(self.categories) > 4)
        return f"text, {len(self.categories)} categories: {shown}"

    def encode(self, column: pd.Series) -> np.ndarray:
        """Features [row, feature] of the column."""
        return texts(column)[:, np.newaxis] == np.array(self.categories, object)


@dataclasses.dataclass(frozen=True)
class _Constant:
    """A column that never moved in the training rows; None: it was always missing."""

    value: float | str | None

    @property
    def description(self) -> str:
        """Why members do not see it."""
        number = isinstance(self.value, float)
        words = "missing" if self.value is None else f"{self.value:g}" if number else self.value
        return f"always {words} in the training rows"


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
    """

    columns: tuple[NumericColumn | CategoricalColumn, ...]
    left_out: Mapping[str, str]
    needed: tuple[str, ...]
    time_column: str
    absolute_time: bool
    constants: Mapping[str, float | str | None] = dataclasses.field(default_factory=dict)

    @property
    def features(self) -> tuple[str, ...]:
        """Names of all features."""
        return tuple(name for column in self.columns for name in column.features)

    @property
    def preview(self) -> str:
        """What was inferred about each column, one line each; ends with a newline."""
        known = {column.name: column.description for column in self.columns}
        lines = known | {name: f"left out: {why}" for name, why in self.left_out.items()}
        width = max(map(len, lines))
        return "".join(f"  {name:{width}}  {words}\n" for name, words in lines.items())

    def encode(self, frame: pd.DataFrame) -> np.ndarray:
        """Features float32 [row, feature].

        Raises:
            InputError: The columns are not those of the training table, or a value does not fit.
        """
        self.check_columns(frame)
        frame = with_time_of_day(frame, self.time_column, self.absolute_time)
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
        encoder = TableEncoder(**{**value, "columns": columns, "needed": tuple(value["needed"])})
        _check_types(encoder)
    except (AttributeError, KeyError, TypeError) as error:
        raise InputError(f"the table's encoder in manifest.json is damaged: {error}") from error
    return encoder


def _check_types(encoder: TableEncoder) -> None:
    """Raises TypeError where a part is neither text nor number as it has to be."""
    texts_in = [encoder.time_column, *encoder.needed, *encoder.left_out, *encoder.constants]
    constants = [value for value in encoder.constants.values() if value is not None]
    numbers_in = [value for value in constants if not isinstance(value, str)]
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
) -> TableEncoder:
    """Infers what each column is from the whole table, and its statistics from the training rows.

    Args:
        frame: The table, with the rows to be tested: a column that misses values anywhere may.
        training_rows: Row numbers.
        time_column: As in TableEncoder.
        absolute_time: As in TableEncoder.
        not_features: Why members are not to see columns such as the label, by name.

    Raises:
        InputError: A value does not fit into its column; no column is left.
    """
    left_out = {name: why for name, why in (not_features or {}).items() if name in frame}
    features = frame.drop(columns=list(left_out))
    needed = tuple(features)
    columns, constants = [], {}
    for name, column in with_time_of_day(features, time_column, absolute_time).items():
        fitted = _fit_column(name, column, training_rows)
        if isinstance(fitted, str):
            left_out[name] = fitted
        elif isinstance(fitted, _Constant):
            left_out[name] = fitted.description
            constants[name] = fitted.value
        else:
            columns.append(fitted)
    if not columns:
        raise InputError("the table has no column to learn from")
    # The time column may itself be left out, and its hour of the day be a feature.
    needed = tuple(name for name in needed if name not in left_out or name == time_column)
    return TableEncoder(tuple(columns), left_out, needed, time_column, absolute_time, constants)


def _fit_column(
    name: str, column: pd.Series, training_rows: np.ndarray
) -> NumericColumn | CategoricalColumn | _Constant | str:
    """The fitted column, or the reason why it is left out."""
    if not is_numeric(column):
        return _fit_texts(name, texts(column)[training_rows])
    values = numbers(column)
    if np.array_equal(values, np.arange(len(values)) + values[0]):
        return "it counts the rows"
    return _fit_numbers(name, values[training_rows], may_miss=bool(np.isnan(values).any()))


def _fit_texts(name: str, values: np.ndarray) -> CategoricalColumn | _Constant | str:
    found, counts = np.unique(values, return_counts=True)
    if len(found) == 1:
        return _Constant(str(found[0]))
    if len(found) > max(MOST_CATEGORIES, len(values) / 2):
        return "texts that hardly repeat"
    commonest = np.argsort(-counts, kind="stable")[:MOST_CATEGORIES]
    return CategoricalColumn(name, tuple(found[commonest].tolist()))


def _fit_numbers(name: str, values: np.ndarray, may_miss: bool) -> NumericColumn | _Constant:
    missing = np.isnan(values)
    present = values[~missing]
    if not len(present):
        return _Constant(None)
    if np.isin(present, (0, 1)).all() and present.min() < present.max():
        median = float(np.median(present) > 0)
        return NumericColumn(name, median, None, 0.0, 1.0, may_miss, bool(missing.any()))
    if _spread(present) <= ROUNDING * np.abs(present).max():
        return _Constant(float(np.median(present)))
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        is_sound = 0 < present.std() < np.inf
    if not is_sound:
        raise InputError(
            f"the column {name} goes from {present.min():g} to {present.max():g}; a variance of"
            " that is no number of 64 bits: give it another unit, or leave it out"
        )
    median = float(np.median(present))
    unit = _likeliest_unit(present, median)
    curbed = _curbed(np.where(missing, median, values), median, unit)
    mean, scale = float(curbed.mean()), float(curbed.std())
    return NumericColumn(name, median, unit, mean, scale, may_miss, bool(missing.any()))


def _spread(values: np.ndarray) -> float:
    """From the least to the largest; half of each, as the whole may be infinite."""
    return 2 * min(values.max() / 2 - values.min() / 2, np.finfo(np.float64).max / 2)


def _likeliest_unit(values: np.ndarray, median: float) -> float | None:
    """The unit under which the curbed values have the highest likelihood as a normal sample.

    As in Box and Cox 1964 the density is that of the values themselves: the log likelihood per row
    is, but for a constant, -log(standard deviation of the curbed) + mean(log(their derivative)).
    """
    deviation = values.std()
    likelihoods: dict[float | None, float] = {None: -np.log(deviation)}
    for unit in deviation * np.array(UNITS):
        scaled = (values - median) / unit
        log_derivative = -0.5 * np.log1p(scaled**2) - np.log(unit)
        likelihoods[float(unit)] = log_derivative.mean() - np.log(np.arcsinh(scaled).std())
    return max(likelihoods, key=likelihoods.__getitem__)


def _curbed(values: np.ndarray, median: float, unit: float | None) -> np.ndarray:
    return values if unit is None else np.arcsinh((values - median) / unit)
