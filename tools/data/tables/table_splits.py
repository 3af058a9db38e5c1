"""Splits a table into training, calibration and test rows.

No test row equals a training row. Calibration rows are drawn first, one by one, whether they have
equals or not, as rows to be scored later come: so p-values hold on tables with many repeats.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from tools.data.tables.table_columns import SECONDS_PER_DAY
from tools.errors import InputError

CALIBRATION_SHARE = 0.1
LEAST_TRAINING_ROWS = 20


class TableSplit(NamedTuple):
    """Row numbers, ascending; no row is in two parts, and rows left out are in none."""

    training: np.ndarray
    calibration: np.ndarray
    test: np.ndarray
    anomalies: np.ndarray


def groups_of_equal_rows(frame: pd.DataFrame) -> np.ndarray:
    """Group of each row, int64 [row]; rows with equal values in all columns share one."""
    return np.unique(pd.util.hash_pandas_object(frame, index=False), return_inverse=True)[1]


def groups_of_equal_features(groups: np.ndarray, features: np.ndarray) -> np.ndarray:
    """Joins groups whose rows have equal features: the lowest group among them, int64 [row].

    Args:
        groups: Group of each row, from `groups_of_equal_rows`.
        features: Encoded rows [row, feature].
    """
    hashes = pd.util.hash_pandas_object(pd.DataFrame(features), index=False)
    _, equal = np.unique(hashes, return_inverse=True)
    lowest = np.full(len(groups), len(groups))
    np.minimum.at(lowest, equal, groups)
    return lowest[equal]


def split_semi(is_normal: np.ndarray, groups: np.ndarray, rng: np.random.Generator) -> TableSplit:
    """Half of the normal rows train and calibrate; the others and all anomalies are tested.

    Args:
        is_normal: Whether a row is normal [row].
        groups: Group of each row, from `groups_of_equal_rows`; a group with an anomaly is tested
            as a whole.
        rng: Draws the split.
    """
    pool_size = is_normal.sum() // 2
    calibration = _drawn_rows(is_normal, pool_size, rng)
    rest = is_normal & ~calibration
    training = _choose_groups(
        rest & ~_equals_anomaly(is_normal, groups), groups, pool_size - calibration.sum(), rng
    )
    return _checked_split(training, calibration, rest & ~training, ~is_normal)


def split_balanced(
    is_normal: np.ndarray, groups: np.ndarray, rng: np.random.Generator
) -> TableSplit:
    """As many normal rows as anomalies are tested (half of the normal ones at most).

    Args:
        is_normal: Whether a row is normal [row].
        groups: Group of each row, from `groups_of_equal_rows`.
        rng: Draws the split.

    Raises:
        InputError: There is no anomaly.
    """
    n_normal, n_anomalies = is_normal.sum(), (~is_normal).sum()
    if not n_anomalies:
        raise InputError("--protocol=balanced needs anomalies; name the --label_column")
    n_test = min(n_anomalies, n_normal // 2)
    calibration = _drawn_rows(is_normal, n_normal - n_test, rng)
    rest = is_normal & ~calibration
    training = _choose_groups(
        rest & ~_equals_anomaly(is_normal, groups),
        groups,
        n_normal - n_test - calibration.sum(),
        rng,
    )
    tested = rng.choice(np.flatnonzero(rest & ~training), n_test, replace=False)
    return _checked_split(training, calibration, _mask(tested, len(groups)), ~is_normal)


def split_time(
    is_normal: np.ndarray, groups: np.ndarray, rng: np.random.Generator, seconds: np.ndarray
) -> TableSplit:
    """The normal rows of the first half of the days train and calibrate, later days are tested.

    Rows of the first days that come again on a later one are left out, and so are their anomalies.

    Args:
        is_normal: Whether a row is normal [row].
        groups: Group of each row, from `groups_of_equal_rows`, without the time.
        rng: Draws the calibration rows.
        seconds: Time [row]; a day begins at a multiple of 86,400.

    Raises:
        InputError: All rows are of one day.
    """
    days = seconds // SECONDS_PER_DAY
    first, last = days.min(), days.max()
    if first == last:
        raise InputError("--protocol=time needs rows of two days at least")
    is_late = days >= first + (last - first + 1) // 2
    early = is_normal & ~is_late
    calibration = _drawn_rows(early, early.sum(), rng)
    comes_again = np.isin(groups, groups[is_late])
    training = early & ~calibration & ~comes_again
    return _checked_split(training, calibration, is_normal & is_late, ~is_normal & is_late)


def split_apart(
    is_normal: np.ndarray, is_second: np.ndarray, rng: np.random.Generator
) -> TableSplit:
    """Normal rows of a first table train and calibrate, all rows of a second one are tested.

    Args:
        is_normal: Whether a row is normal [row].
        is_second: Whether a row is one of the second table [row].
        rng: Draws the calibration rows.
    """
    pool = is_normal & ~is_second
    calibration = _drawn_rows(pool, pool.sum(), rng)
    return _checked_split(
        pool & ~calibration, calibration, is_normal & is_second, ~is_normal & is_second
    )


def split_unlabelled(count: int, rng: np.random.Generator) -> TableSplit:
    """All rows train but those that calibrate, and all are scored.

    Args:
        count: Number of rows.
        rng: Draws the calibration rows.
    """
    every = np.ones(count, bool)
    calibration = _drawn_rows(every, count, rng)
    return _checked_split(~calibration, calibration, every, ~every)


def _drawn_rows(rows: np.ndarray, pool_size: int, rng: np.random.Generator) -> np.ndarray:
    """Mask [row] of the calibration rows: a tenth of the pool's size, drawn from `rows`."""
    count = round(CALIBRATION_SHARE * pool_size)
    return _mask(rng.permutation(np.flatnonzero(rows))[:count], len(rows))


def _checked_split(
    training: np.ndarray, calibration: np.ndarray, test: np.ndarray, anomalies: np.ndarray
) -> TableSplit:
    """The split of masks [row].

    Raises:
        InputError: Too few rows would train, calibrate or be tested.
    """
    if training.sum() < LEAST_TRAINING_ROWS or not calibration.any() or not test.any():
        raise InputError(
            f"{training.sum()} normal rows would train, {calibration.sum()} calibrate and "
            f"{test.sum()} be tested; give more rows (those that are equal stay together)"
        )
    return TableSplit(*map(np.flatnonzero, (training, calibration, test, anomalies)))


def _equals_anomaly(is_normal: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Mask of the rows [row] that are anomalies or equal one."""
    return np.isin(groups, groups[~is_normal])


def _choose_groups(
    pool: np.ndarray, groups: np.ndarray, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Mask [row] of whole groups of the pool in a drawn order, those that fit into `count` rows."""
    sizes = np.bincount(groups[pool])
    order = rng.permutation(np.flatnonzero(sizes))
    chosen = []
    for group, size in zip(order.tolist(), sizes[order].tolist(), strict=True):
        if size <= count:
            chosen.append(group)
            count -= size
    return pool & np.isin(groups, chosen)


def _mask(rows: np.ndarray, count: int) -> np.ndarray:
    mask = np.zeros(count, bool)
    mask[rows] = True
    return mask
