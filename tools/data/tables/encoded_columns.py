"""Columns of a table as members see them, each fitted on the training rows alone."""

import dataclasses

import numpy as np
import pandas as pd

from tools.data.tables.table_columns import is_numeric, numbers, refuse_missing, texts
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
class ConstantColumn:
    """A column that never moved in the training rows; None: it was always missing."""

    value: float | str | None

    @property
    def description(self) -> str:
        """Why members do not see it."""
        number = isinstance(self.value, float)
        words = "missing" if self.value is None else f"{self.value:g}" if number else self.value
        return f"always {words} in the training rows"


def fit_column(
    name: str, column: pd.Series, training_rows: np.ndarray
) -> NumericColumn | CategoricalColumn | ConstantColumn | str:
    """The fitted column, or the reason why it is left out."""
    if not is_numeric(column):
        return _fit_texts(name, texts(column)[training_rows])
    values = numbers(column)
    return _fit_numbers(name, values[training_rows], may_miss=bool(np.isnan(values).any()))


def _fit_texts(name: str, values: np.ndarray) -> CategoricalColumn | ConstantColumn | str:
    found, counts = np.unique(values, return_counts=True)
    if len(found) == 1:
        return ConstantColumn(str(found[0]))
    if len(found) > max(MOST_CATEGORIES, len(values) / 2):
        return "texts that hardly repeat"
    commonest = np.argsort(-counts, kind="stable")[:MOST_CATEGORIES]
    return CategoricalColumn(name, tuple(found[commonest].tolist()))


def _fit_numbers(name: str, values: np.ndarray, may_miss: bool) -> NumericColumn | ConstantColumn:
    missing = np.isnan(values)
    present = values[~missing]
    if not len(present):
        return ConstantColumn(None)
    if np.isin(present, (0, 1)).all() and present.min() < present.max():
        median = float(np.median(present) > 0)
        return NumericColumn(name, median, None, 0.0, 1.0, may_miss, bool(missing.any()))
    if _spread(present) <= ROUNDING * np.abs(present).max():
        return ConstantColumn(float(np.median(present)))
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
