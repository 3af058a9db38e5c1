"""Rows as people bring them: what members can score, what they cannot, and what needs no member."""

import numpy as np
import pandas as pd
import pytest

from input_errors import message_of
from tools.data.tables.new_rows import examine_rows
from tools.data.tables.table_encoder import fit_encoder

ROWS = 200


def training_table():
    random = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "time": np.arange(ROWS) * 1000.0,
            "a": random.normal(5, 2, ROWS),
            "b": np.where(np.arange(ROWS) % 9 == 0, np.nan, random.lognormal(0, 2, ROWS)),
            "shop": random.choice(["web", "till"], ROWS),
            "dead": -0.087,
            "nearly": 1 + 1e-15 * random.normal(size=ROWS),
            "unit": "kg",
            "never": np.nan,
        }
    )


@pytest.fixture(scope="module")
def encoder():
    return fit_encoder(training_table(), np.arange(ROWS), time_column="time")


def new(rows=4, **columns):
    table = training_table()[1 : rows + 1].reset_index(drop=True)
    return table.assign(**columns)


def test_good_rows_are_as_the_encoder_encodes_them(encoder):
    found = examine_rows(new(), encoder)
    np.testing.assert_array_equal(found.features, encoder.encode(new()))
    assert found.is_scored.all()
    assert not any(map(any, (found.problems, found.beyond, found.moved)))
    assert found.unknown == {}


def test_rows_that_cannot_be_scored_say_why_and_the_others_are_scored(encoder):
    rows = new(5, a=["1.5", "?", "x", None, "2"], time=[1.0, 2.0, 3.0, 4.0, None])
    found = examine_rows(rows, encoder)
    assert found.problems.tolist() == [
        "",
        "column a: '?' is missing",
        "column a: 'x' is no number",
        "column a is missing",
        "column time is missing",
    ]
    assert found.is_scored.tolist() == [True, False, False, False, False]
    np.testing.assert_array_equal(found.features, encoder.encode(new(5, a=1.5, time=1.0))[:1])


def test_missing_numbers_are_none_where_training_rows_missed_them_too(encoder):
    found = examine_rows(new(b=["?", " 2", None, "-"]), encoder)
    assert found.is_scored.all()
    is_missing = encoder.features.index("b is missing")
    assert found.features[:, is_missing].tolist() == [1, 0, 1, 1]


@pytest.mark.parametrize("value", [1e308, -1e308, np.inf, -np.inf, 1e200])
def test_a_number_beyond_arithmetic_names_its_column_and_leaves_finite_features(value, encoder):
    for name in ("a", "b"):
        found = examine_rows(new(**{name: [1.0, value, 1.0, 1.0]}), encoder)
        assert found.beyond.tolist() == ["", name, "", ""]
        assert found.is_scored.all()
        assert np.isfinite(found.features).all()


def test_a_number_that_is_only_far_away_is_for_the_members(encoder):
    assert not examine_rows(new(a=1e6), encoder).beyond.any()


MOVES = {
    "a number": ({"dead": [5.0, -0.087, -0.087, np.nan]}, "dead is 5.0, and was always -0.087"),
    "a text": ({"unit": ["g", "kg", "kg", None]}, "unit is g, and was always kg"),
    "what was missing": ({"never": [1.0, np.nan, np.nan, np.nan]}, "never is 1.0, and was always"),
    "beyond rounding errors": ({"nearly": [1.01, 1.0, 1.0, 1.0]}, "nearly is 1.01, and was"),
    "a text for a number": ({"dead": ["off", -0.087, -0.087, "?"]}, "dead is off, and was"),
}


@pytest.mark.parametrize("move", MOVES)
def test_what_never_moved_in_training_and_moves_is_named(move, encoder):
    columns, words = MOVES[move]
    moved = examine_rows(new(**columns), encoder).moved
    assert words in moved[0]
    assert not any(moved[1:])


def test_constants_need_not_be_there(encoder):
    rows = new().drop(columns=["dead", "nearly", "unit", "never"])
    assert not examine_rows(rows, encoder).moved.any()


def test_texts_that_are_no_categories_are_counted(encoder):
    found = examine_rows(new(shop=["stall", "web", "stall", None]), encoder)
    assert found.unknown == {"shop": (3, "stall")}
    assert found.is_scored.all()


def test_further_columns_do_not_matter_and_missing_ones_are_named(encoder):
    found = examine_rows(new(note="x"), encoder)
    np.testing.assert_array_equal(found.features, encoder.encode(new()))
    message = message_of(examine_rows, new().drop(columns=["a", "shop"]), encoder)
    assert message == "the table lacks a, shop"


def test_rows_of_which_none_can_be_scored(encoder):
    found = examine_rows(new(a="x"), encoder)
    assert found.features.shape == (0, len(encoder.features))
    assert not found.is_scored.any()


def test_times_are_dates_or_numbers():
    table = training_table().assign(time=pd.date_range("2024", periods=ROWS, freq="h").astype(str))
    encoder = fit_encoder(table, np.arange(ROWS), time_column="time")
    rows = table[:3].assign(time=["2024-01-01 05:00:00", "soon", None])
    assert examine_rows(rows, encoder).problems.tolist() == [
        "",
        "column time: 'soon' is no time",
        "column time is missing",
    ]
    np.testing.assert_array_equal(examine_rows(rows, encoder).features, encoder.encode(rows[:1]))
