"""Dates as people write them, and the parts that members see."""

import json

import numpy as np
import pandas as pd
import pytest

from tools.data.tables.date_columns import date_format, fit_date_columns, with_parts_of_dates
from tools.data.tables.new_rows import examine_rows
from tools.data.tables.table_encoder import encoder_from_json, fit_encoder

TIMES = pd.Series(pd.date_range("2021-01-30 06:00", periods=120, freq="90h"))


@pytest.mark.parametrize("format_", ["%d.%m.%Y", "%m/%d/%Y %H:%M", "%d/%m/%Y", "%d-%b-%Y"])
def test_the_format_is_found(format_):
    assert date_format(TIMES.dt.strftime(format_)) == format_


def test_iso_dates_of_any_precision_and_times_of_pandas_are_dates():
    mixed = pd.Series(["2021-01-30", "2021-01-31T06:00:00Z", "2021-02-01 07:30"])
    assert [date_format(mixed), date_format(TIMES)] == ["ISO8601"] * 2


@pytest.mark.parametrize(
    "texts", [["12", "13"], ["2021-01-30", "soon"], ["1.2.3", "4.5.6"], [None]]
)
def test_other_texts_are_no_dates(texts):
    assert date_format(pd.Series(texts, dtype=object)) == ""


def test_the_parts_are_those_of_the_calendar():
    frame = pd.DataFrame({"when": TIMES.astype(str), "then": (TIMES + pd.Timedelta("36h")).dt.date})
    frame["then"] = frame["then"].astype(str)
    dates = fit_date_columns(frame, np.arange(len(frame)), elapsed=True)
    parts = with_parts_of_dates(frame, dates)
    assert list(parts["when (weekday)"]) == list(TIMES.dt.strftime("%a"))
    np.testing.assert_allclose(parts["when (hour of the day)"], TIMES.dt.hour)
    np.testing.assert_allclose(parts["when (day of the year)"], TIMES.dt.day_of_year)
    np.testing.assert_allclose(parts["when (elapsed days)"], np.arange(120) * 3.75)
    days = (pd.to_datetime(frame["then"]) - TIMES).dt.total_seconds() / 86400
    np.testing.assert_allclose(parts["then (days after when)"], days)
    assert "then (hour of the day)" not in parts


def test_new_rows_with_dates_are_read_and_others_named():
    frame = pd.DataFrame({"when": TIMES.astype(str), "a": np.sin(np.arange(120))})
    fitted = fit_encoder(frame, np.arange(80))
    encoder = encoder_from_json(json.loads(json.dumps(fitted.to_json())))
    assert encoder == fitted
    assert encoder.needed == ("when", "a")
    rows = examine_rows(pd.DataFrame({"when": ["2022-05-05", "soon", None], "a": 0.0}), encoder)
    assert rows.is_scored.tolist() == [True, False, False]
    assert rows.problems.tolist()[1:] == [
        "column when: 'soon' is no date", "column when is missing"
    ]  # fmt: skip


def test_where_dates_may_be_missing_a_row_without_one_is_scored():
    frame = pd.DataFrame({"when": TIMES.astype(str).where(TIMES.index % 9 > 0)})
    encoder = fit_encoder(frame, np.arange(100))
    rows = examine_rows(pd.DataFrame({"when": ["2022-05-05", None]}), encoder)
    assert rows.is_scored.all()
    assert np.isfinite(rows.features).all()
