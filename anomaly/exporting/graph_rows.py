"""Encodes the raw columns of a table in TensorFlow, as `TableEncoder.encode` does in pandas."""

from collections.abc import Mapping

import tensorflow as tf

from tools.data.tables.date_columns import WEEKDAYS, DateColumn
from tools.data.tables.encoded_columns import CategoricalColumn, NumericColumn
from tools.data.tables.table_columns import SECONDS_PER_DAY
from tools.data.tables.table_encoder import TableEncoder

MISSING = "(missing)"  # the category of a missing text


def column_specs(encoder: TableEncoder) -> dict[str, tf.TensorSpec]:
    """Inputs [row] by the column's name: float64, NaN where a number is missing, or texts.

    Times and dates are seconds since 1970, UTC.
    """
    words = {each.name for each in encoder.columns if isinstance(each, CategoricalColumn)}
    return {
        name: tf.TensorSpec([None], tf.string if name in words else tf.float64)
        for name in encoder.needed
    }


def encoded_columns(columns: Mapping[str, tf.Tensor], encoder: TableEncoder) -> tf.Tensor:
    """Features float32 [row, feature] of columns as `column_specs` describes them."""
    given = dict(columns)
    if encoder.time_column:
        hour = tf.math.floormod(given[encoder.time_column], SECONDS_PER_DAY) / 3600
        given[f"{encoder.time_column} (hour of the day)"] = hour
    for date in encoder.date_columns:
        given |= _parts_of_date(date, given)
    parts = [
        _numbers(given[column.name], column)
        if isinstance(column, NumericColumn)
        else _words(given[column.name], column)
        for column in encoder.columns
    ]
    return tf.concat(parts, axis=1)


def _parts_of_date(column: DateColumn, given: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """As `tools.data.tables.date_columns.with_parts_of_dates`, of one column."""
    name, time = column.name, given[column.name]
    missing = tf.math.is_nan(time)
    days = tf.math.floordiv(tf.where(missing, tf.zeros_like(time), time), SECONDS_PER_DAY)
    days = tf.cast(days, tf.int64)
    weekday = tf.gather(tf.constant(WEEKDAYS.astype(str)), (days + 3) % 7)
    parts = {f"{name} (weekday)": tf.where(missing, MISSING, weekday)}
    if column.has_hour:
        hour = tf.math.floormod(time, SECONDS_PER_DAY) / 3600
        parts[f"{name} (hour of the day)"] = hour
    if column.has_season:
        day = tf.cast(_day_of_year(days), tf.float64)
        parts[f"{name} (day of the year)"] = tf.where(missing, time, day)
    if column.since:
        parts[f"{name} (days after {column.since})"] = (
            time - given[column.since]
        ) / SECONDS_PER_DAY
    if column.origin is not None:
        parts[f"{name} (elapsed days)"] = (time - column.origin) / SECONDS_PER_DAY
    return parts


def _day_of_year(days: tf.Tensor) -> tf.Tensor:
    """1 for 1 January, of days since 1970.

    Years are counted from 1 March, so that the leap day is their last, in cycles of 400.
    """
    since = days + 719_468  # 1 March of the year 0
    in_cycle = since % 146_097
    years = (in_cycle - in_cycle // 1460 + in_cycle // 36_524 - in_cycle // 146_096) // 365
    from_march = in_cycle - (365 * years + years // 4 - years // 100)
    is_leap = (years % 4 == 0) & ((years % 100 != 0) | (years % 400 == 0))
    from_january = from_march + 60 + tf.cast(is_leap, days.dtype)
    return tf.where(from_march >= 306, from_march - 305, from_january)


def _numbers(values: tf.Tensor, column: NumericColumn) -> tf.Tensor:
    missing = tf.math.is_nan(values)
    filled = tf.where(missing, tf.constant(column.median, tf.float64), values)
    if column.unit is not None:
        filled = tf.asinh((filled - column.median) / column.unit)
    scaled = tf.cast((filled - column.mean) / column.scale, tf.float32)
    features = [scaled, tf.cast(missing, tf.float32)][: len(column.features)]
    return tf.stack(features, axis=1)


def _words(values: tf.Tensor, column: CategoricalColumn) -> tf.Tensor:
    known = tf.where(values == "", MISSING, values)
    return tf.cast(known[:, tf.newaxis] == tf.constant(column.categories), tf.float32)
