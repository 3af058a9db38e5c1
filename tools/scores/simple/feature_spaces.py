"""Spaces in which rows of a table are compared, each fitted on training rows.

A column of texts is a group of indicators. Its indicators are scaled so that the column weighs as
much as one number, whatever the number of its words; rare words share one place.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tools.data.tables.encoded_columns import CategoricalColumn
from tools.data.tables.table_encoder import TableEncoder

SPACES = ("standard", "arcsinh", "range")
NUMBER = -1  # in place of a group
RARE = 0.005  # share of the training rows below which a word counts among the others
LEAST_DEVIATION = 0.02  # of an indicator, so that a rare word is no distance of its own
NORMAL_QUARTILES = 1.349  # distance of a standard normal distribution's quartiles
MOST_CURBED = 100.0  # arcsinh of a number is taken back up to here; squares stay finite

Space = Callable[[np.ndarray], np.ndarray]  # from encoded rows to float64 [row, coordinate]


class Columns(NamedTuple):
    """How encoded features came about: arrays [feature].

    Attributes:
        is_curbed: Whether the feature is an inverse hyperbolic sine, standardised.
        mean: Mean that was taken off after it.
        scale: Standard deviation that it was divided by.
        group: Number of the indicator's column of texts; NUMBER: the feature is a number.
    """

    is_curbed: np.ndarray
    mean: np.ndarray
    scale: np.ndarray
    group: np.ndarray

    def numbers(self, rows: np.ndarray) -> np.ndarray:
        """The numbers of the table, but for origin and unit, float64 [row, number]."""
        is_number = self.group == NUMBER
        values = rows[:, is_number].astype(np.float64)
        inside = values * self.scale[is_number] + self.mean[is_number]
        numbers = np.sinh(np.clip(inside, -MOST_CURBED, MOST_CURBED))
        return np.where(self.is_curbed[is_number], numbers, values)

    def indicators(self, rows: np.ndarray) -> list[np.ndarray]:
        """The indicators of each column of texts, float64 [row, word]."""
        groups = range(self.group.max(initial=NUMBER) + 1)
        return [rows[:, self.group == group].astype(np.float64) for group in groups]


def plain_columns(count: int) -> Columns:
    """Columns of features that are numbers as they are."""
    return Columns(
        np.zeros(count, bool), np.zeros(count), np.ones(count), np.full(count, NUMBER, np.int64)
    )


def columns_of(encoder: TableEncoder) -> Columns:
    """Columns of the features that the encoder makes."""
    columns = plain_columns(len(encoder.features))
    start, groups = 0, 0
    for column in encoder.columns:
        stop = start + len(column.features)
        if isinstance(column, CategoricalColumn):
            columns.group[start:stop] = groups
            groups += 1
        elif column.unit is not None:
            columns.is_curbed[start] = True
            columns.mean[start], columns.scale[start] = column.mean, column.scale
        start = stop
    return columns


def fit_space(name: str, training: np.ndarray, columns: Columns) -> Space:
    """Fits a space.

    Args:
        name: standard: numbers in standard deviations; arcsinh: `arcsinh_of_quartiles`, in standard
            deviations; range: numbers from 0 to 1 in training.
        training: Encoded rows [row, feature].
        columns: Kinds of their features.
    """
    curb = arcsinh_of_quartiles(columns.numbers(training)) if name == "arcsinh" else _as_they_are
    known = curb(columns.numbers(training))
    if name == "range":
        origin, unit = known.min(axis=0), np.ptp(known, axis=0)
    else:
        origin, unit = known.mean(axis=0), known.std(axis=0)
    unit = _where_positive(unit, 1.0)
    words = [_fit_words(part, name) for part in columns.indicators(training)]

    def space(rows: np.ndarray) -> np.ndarray:
        numbers = (curb(columns.numbers(rows)) - origin) / unit
        parts = zip(words, columns.indicators(rows), strict=True)
        return np.concatenate([numbers, *(scaled(part) for scaled, part in parts)], axis=1)

    return space


def arcsinh_of_quartiles(training: np.ndarray) -> Space:
    """arcsinh((x - median) / unit): near to x inside, to a logarithm far out.

    The unit is the standard deviation of the normal distribution that has the training rows'
    quartiles, or a quarter of their standard deviation where both quartiles are one.
    """
    median = np.median(training, axis=0)
    quartiles = np.subtract(*np.percentile(training, [75, 25], axis=0)) / NORMAL_QUARTILES
    unit = _where_positive(quartiles, _where_positive(training.std(axis=0), 1.0) / 4)
    return lambda rows: np.arcsinh((rows - median) / unit)


def whitening(rows: np.ndarray) -> np.ndarray:
    """Matrix W [coordinate, coordinate] such that rows @ W are uncorrelated with variance 1.

    It uses the shrunk covariance of Ledoit and Wolf (2004), which is regular even for few rows.
    """
    from sklearn.covariance import LedoitWolf

    values, vectors = np.linalg.eigh(LedoitWolf().fit(rows).covariance_)
    return vectors / np.sqrt(np.maximum(values, 1e-9))


def _fit_words(indicators: np.ndarray, space: str) -> Space:
    """Scaled indicators of the words that are not rare and of all others, [row, word]."""
    share = indicators.mean(axis=0)
    kept = (share >= RARE) | (share == share.max())

    def places(part: np.ndarray) -> np.ndarray:
        words = part[:, kept]
        return np.concatenate([words, 1 - words.sum(axis=1, keepdims=True)], axis=1)

    share = places(indicators).mean(axis=0)
    scale = np.maximum(np.sqrt(share * (1 - share)), LEAST_DEVIATION)
    scale = scale * np.sqrt(np.count_nonzero(share))
    if space == "range":  # two different words are at distance 1
        scale = np.full(len(share), np.sqrt(2))
    return lambda part: places(part) / scale


def _as_they_are(rows: np.ndarray) -> np.ndarray:
    return rows


def _where_positive(scale: np.ndarray, instead: np.ndarray | float) -> np.ndarray:
    return np.where(scale > 1e-9, scale, instead)
