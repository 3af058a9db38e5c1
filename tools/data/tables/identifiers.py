"""Finds columns of numbers that name rows and do not measure them: row numbers, ids, keys.

A detector that sees them learns nothing, and every new row has values beyond those in training.
"""

import re

import numpy as np

LEAST_ROWS = 50  # of fewer, numbers are all different by chance
DENSE = 4  # numbers of rows lie within so many times as many numbers
MOSTLY = 0.9  # share of different values from which a column may name rows
LEAST_DIGITS = 5  # of the median of such a column
_NAME = re.compile(
    r"(^|[\W_])(id|ids|uid|uuid|guid|key|index|idx|nr|no|rownum|record|serial)([\W_]|$)"
    r"|.*(number|nummer|_id|Id|ID)$|^(id|nr)[\W_]?\d*$",
)


def row_number_reason(values: np.ndarray) -> str:
    """Why numbers are row numbers, or those of orders and the like; "" if they are not.

    They are whole, all different, and rise from row to row, or fill a range as shuffled row numbers
    do; measured numbers repeat by chance where so many lie in such a range.

    Args:
        values: Numbers of some rows in the table's order, float64 [row]; NaN: missing.
    """
    if not _are_whole(values) or len(values) < LEAST_ROWS:
        return ""
    steps = np.diff(values)
    if (steps == 1).all():
        return "it counts the rows"
    if (steps > 0).all() or (steps < 0).all():
        return "its whole numbers rise or fall from row to row, as row numbers do"
    is_dense = np.ptp(values) <= DENSE * len(values)
    if is_dense and len(np.unique(values)) == len(values):
        return "its whole numbers are all different and fill a range, as row numbers do"
    return ""


def may_name_rows(values: np.ndarray) -> bool:
    """Whether whole numbers of many digits are nearly all different, as ids are.

    Args:
        values: Numbers of some rows, float64 [row]; NaN: missing.
    """
    present = values[~np.isnan(values)]
    if len(present) < LEAST_ROWS or not _are_whole(present):
        return False
    is_long = np.median(np.abs(present)) >= 10 ** (LEAST_DIGITS - 1)
    return bool(is_long and len(np.unique(present)) >= MOSTLY * len(present))


def is_called_id(name: str) -> bool:
    """Whether a column's name says that it names rows: id, customer_id, orderNumber, key ..."""
    return bool(_NAME.search(name) or _NAME.search(name.lower()))


def _are_whole(values: np.ndarray) -> bool:
    return bool(np.isfinite(values).all() and (values == np.round(values)).all())
