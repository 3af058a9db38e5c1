"""Splits a table into training, calibration and test rows. Equal rows are never divided."""

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


def split_semi(is_normal: np.ndarray, groups: np.ndarray, rng: np.random.Generator) -> TableSplit:
    """Half of the normal rows train and calibrate; the others and all anomalies are tested.

    Args:
        is_normal: Whether a row is normal [row].
        groups: Group of each row, from `groups_of_equal_rows`; a group with an anomaly is tested
            as a whole.
        rng: Draws the split.
    """
    pool = _choose_groups(_normal_groups(is_normal, groups), groups, is_normal.sum() // 2, rng)
    return _split(pool, is_normal & ~pool, ~is_normal, groups, rng)


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
    pool = _choose_groups(_normal_groups(is_normal, groups), groups, n_normal - n_test, rng)
    tested = rng.choice(np.flatnonzero(is_normal & ~pool), n_test, replace=False)
    return _split(pool, _mask(tested, len(groups)), ~is_normal, groups, rng)


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
    comes_again = np.isin(groups, groups[is_late])
    return _split(
        is_normal & ~is_late & ~comes_again, is_normal & is_late, ~is_normal & is_late, groups, rng
    )


def _split(
    pool: np.ndarray,
    test: np.ndarray,
    anomalies: np.ndarray,
    groups: np.ndarray,
    rng: np.random.Generator,
) -> TableSplit:
    """Cuts the calibration rows off the pool; all arguments but the last are masks [row]."""
    calibration = _choose_groups(pool, groups, round(CALIBRATION_SHARE * pool.sum()), rng)
    training = pool & ~calibration
    if training.sum() < LEAST_TRAINING_ROWS or not calibration.any() or not test.any():
        raise InputError(
            f"{training.sum()} normal rows would train, {calibration.sum()} calibrate and "
            f"{test.sum()} be tested; give more rows (those that are equal stay together)"
        )
    return TableSplit(*map(np.flatnonzero, (training, calibration, test, anomalies)))


def _normal_groups(is_normal: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Mask of the rows [row] that equal no anomaly."""
    return ~np.isin(groups, groups[~is_normal])


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
