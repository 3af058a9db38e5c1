"""What counts as a number, a text, a time; and how a cell that does not fit is named."""

import numpy as np
import pandas as pd
import pytest

from input_errors import message_of
from tools.data.tables.table_columns import (
    is_numeric,
    numbers,
    refuse_missing,
    seconds,
    texts,
    with_time_of_day,
)


def column(*values):
    return pd.Series(values, name="amount")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((1, 2), True),
        ((1.5, None), True),
        ((True, False), True),
        (("1", "2", "two"), True),
        (("1", "two"), False),
        (("web", "till", None), False),
    ],
)
def test_a_column_is_numeric_when_more_than_half_of_it_are_numbers(values, expected):
    assert is_numeric(column(*values)) == expected


def test_numbers_and_missing_values():
    np.testing.assert_array_equal(numbers(column("1", "2.5", None)), [1, 2.5, np.nan])
    np.testing.assert_array_equal(numbers(column(True, False)), [1, 0])


def test_texts_and_missing_values():
    assert texts(column("web", None, 3)).tolist() == ["web", "(missing)", "3"]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (("1", "2", "two"), "column amount, row 2 (the first is 0): 'two' is no number; "),
        ((1.0, np.inf, -np.inf), "row 1 (the first is 0): 'inf' is infinite (2 such rows)"),
    ],
)
def test_a_bad_number_is_named_by_column_and_row(values, words):
    assert words in message_of(numbers, column(*values))


def test_a_missing_value_is_named_with_what_it_is_needed_for():
    message = message_of(refuse_missing, column(1.0, None), "every row needs its label")
    assert "row 1 (the first is 0): is missing; every row needs its label" in message
    refuse_missing(column(1.0), "")


def test_dates_are_seconds_since_1970():
    expected = [0, 86400 + 3600.5]
    np.testing.assert_array_equal(
        seconds(column("1970-01-01", "1970-01-02T01:00:00.500")), expected
    )
    dates = pd.to_datetime(column("1970-01-01", "1970-01-02 01:00:00.500"), format="ISO8601")
    np.testing.assert_array_equal(seconds(dates), expected)
    np.testing.assert_array_equal(seconds(column(7, 8)), [7, 8])
    assert "'soon' is no date" in message_of(seconds, column("1970-01-01", "soon"))
    assert "every row needs its time" in message_of(seconds, column(1.0, None))


def test_the_hour_of_the_day_takes_the_place_of_the_time():
    frame = pd.DataFrame({"Time": [0, 3600, 86400 + 1800], "a": 1})
    made = with_time_of_day(frame, "Time", absolute_time=False)
    assert list(made) == ["a", "Time (hour of the day)"]
    assert made["Time (hour of the day)"].tolist() == [0, 1, 0.5]
    assert with_time_of_day(frame, "Time", absolute_time=True)["Time"].tolist() == [0, 3600, 88200]
    assert with_time_of_day(frame, "", absolute_time=False) is frame
