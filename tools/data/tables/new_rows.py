"""Examines new rows before scoring: which can be scored, and why the others cannot.

It also finds what members cannot see: columns that were constant in training and now vary, numbers
that overflow, and texts that did not occur in training.
"""

import dataclasses
from collections import Counter

import numpy as np
import pandas as pd

from tools.data.tables.date_columns import DateColumn
from tools.data.tables.encoded_columns import CategoricalColumn, NumericColumn
from tools.data.tables.table_columns import dates, is_numeric, numbers_and_texts, texts
from tools.data.tables.table_encoder import TableEncoder
from tools.data.tables.text_format import MISSING_WORDS

_LARGEST = np.finfo(np.float64).max
# Limits of a distance in the column's unit and of a feature: members compute float32 squares.
_LARGEST_DISTANCE = float(np.finfo(np.float32).max)
_LARGEST_FEATURE = 1e15
# Relative tolerance for constants: another program may have written fewer digits.
_SAME = 1e-9


@dataclasses.dataclass(frozen=True)
class NewRows:
    """Encoded rows of a table, and the findings about each of them.

    Attributes:
        features: float32 [scored row, feature], finite.
        is_scored: Whether members can score a row, bool [row].
        problems: Why a row cannot be scored, text [row]; "" if it can.
        beyond: Name of a column whose number would overflow, text [row]; "" if there is none.
        moved: Which constant column of the training table differs, so that the row is anomalous
            whatever its score, text [row]; "" if there is none.
        unknown: Number of rows whose text is no category of the training table, and one such text,
            by column.
    """

    features: np.ndarray
    is_scored: np.ndarray
    problems: np.ndarray
    beyond: np.ndarray
    moved: np.ndarray
    unknown: dict[str, tuple[int, str]]


def examine_rows(frame: pd.DataFrame, encoder: TableEncoder) -> NewRows:
    """Encodes and examines the rows of a table, which may have further columns.

    Raises:
        InputError: A column that the members need is missing.
    """
    encoder.check_columns(frame, with_others=True)
    needed = frame[[*encoder.needed]].copy()
    problems, beyond = (np.full(len(frame), "", object) for _ in range(2))
    if encoder.time_column in needed:
        _read_times(needed, encoder.time_column, problems)
    for date in encoder.date_columns:
        _read_dates(needed[date.name], date, problems)
    for column in encoder.columns:
        is_own = column.name in needed and column.name != encoder.time_column
        if is_own and isinstance(column, NumericColumn):
            _read_numbers(needed, column, problems, beyond)
    is_scored = problems == ""
    known = needed[is_scored].reset_index(drop=True)
    with np.errstate(over="ignore", invalid="ignore"):  # such numbers are looked for below
        features = encoder.encode(known) if len(known) else _no_features(encoder)
    _curb(features, encoder, beyond, np.flatnonzero(is_scored))
    return NewRows(
        features, is_scored, problems, beyond, _moved(frame, encoder), _unknown(known, encoder)
    )


def _no_features(encoder: TableEncoder) -> np.ndarray:
    return np.empty((0, len(encoder.features)), np.float32)


def _read_times(needed: pd.DataFrame, name: str, problems: np.ndarray) -> None:
    column = needed[name]
    found = numbers_and_texts(column)[0] if is_numeric(column) else dates(column)
    _note(problems, column, column.isna().to_numpy(), "is missing")
    _note(problems, column, ~np.isfinite(found), "is no time")
    needed[name] = np.where(np.isfinite(found), found, 0.0)


def _read_dates(given: pd.Series, column: DateColumn, problems: np.ndarray) -> None:
    missing = (given.isna() | given.isin(MISSING_WORDS)).to_numpy()
    if not column.may_miss:
        _note(problems, given, missing, "is missing")
    _note(problems, given, np.isnan(column.seconds(given)) & ~missing, "is no date")


def _read_numbers(
    needed: pd.DataFrame, column: NumericColumn, problems: np.ndarray, beyond: np.ndarray
) -> None:
    """Replaces a column by numbers; notes values that are not numbers."""
    given = needed[column.name]
    values, is_text = numbers_and_texts(given)
    is_text &= ~given.isin(MISSING_WORDS).to_numpy()
    if not column.may_miss:
        _note(problems, given, np.isnan(values) & ~is_text, "is missing")
    _note(problems, given, is_text, "is no number")
    with np.errstate(over="ignore"):
        distance = np.abs(values / 2 - column.median / 2) / (column.unit or column.scale)
    beyond[(distance > _LARGEST_DISTANCE / 2) & (beyond == "")] = column.name
    needed[column.name] = np.clip(
        np.where(is_text | (np.isnan(values) & (not column.may_miss)), column.median, values),
        -_LARGEST,
        _LARGEST,
    )


def _note(problems: np.ndarray, column: pd.Series, is_bad: np.ndarray, fault: str) -> None:
    """Notes the fault of a column where a row has no problem yet."""
    for row in np.flatnonzero(is_bad & (problems == "")):
        value = column.iloc[row]
        shown = "" if pd.isna(value) else f" {str(value)[:40]!r}"
        problems[row] = f"column {column.name}:{shown} {fault}".replace(": is", " is")


def _curb(
    features: np.ndarray, encoder: TableEncoder, beyond: np.ndarray, rows: np.ndarray
) -> None:
    """Names the columns of features that are too large, and replaces these features."""
    too_large = ~(np.abs(features) <= _LARGEST_FEATURE)
    owners = encoder.feature_columns
    for place in np.flatnonzero(too_large.any(axis=1)):
        if not beyond[rows[place]]:
            beyond[rows[place]] = owners[int(too_large[place].argmax())]
    features[too_large] = 0


def _moved(frame: pd.DataFrame, encoder: TableEncoder) -> np.ndarray:
    """Why rows are anomalous whose constant columns have moved, text [row]; "" where none has."""
    reasons = np.full(len(frame), "", object)
    for name, constant in encoder.constants.items():
        if name not in frame:
            continue
        column = frame[name]
        is_present = (column.notna() & ~column.isin(MISSING_WORDS)).to_numpy()
        if isinstance(constant, float):
            values, is_text = numbers_and_texts(column)
            differs = is_text | ~(np.abs(values - constant) <= _SAME * abs(constant))
        elif constant is None:
            differs = is_present
        else:
            differs = texts(column) != constant
        for row in np.flatnonzero(differs & is_present & (reasons == "")):
            before = "missing" if constant is None else constant
            reasons[row] = f"{name} is {column.iloc[row]}, and was always {before} in training"
    return reasons


def _unknown(known: pd.DataFrame, encoder: TableEncoder) -> dict[str, tuple[int, str]]:
    found = {}
    for column in encoder.columns:
        if isinstance(column, CategoricalColumn) and column.name in known:
            others = Counter(texts(known[column.name])) - Counter()
            for category in column.categories:
                others.pop(category, None)
            if others:
                found[column.name] = (others.total(), str(others.most_common(1)[0][0]))
    return found
