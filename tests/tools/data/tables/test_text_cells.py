"""Cells as people write them."""

import numpy as np
import pandas as pd
import pytest

from tools.data.tables.text_cells import clean_cells, number_reader


def cleaned(values, decimal=".", thousands=None):
    return clean_cells(pd.DataFrame({"a": values}), decimal, thousands)["a"]


@pytest.mark.parametrize(
    "word", ["?", "-", "N/A", "NULL", " ", "", " ?", None], ids=lambda word: repr(word)
)
def test_words_for_missing_values_are_missing_among_numbers(word):
    found = cleaned(["1.5", word, "3"])
    assert found.dtype == np.float64
    assert found.isna().tolist() == [False, True, False]


def test_the_same_words_are_categories_among_texts_but_blanks_are_missing():
    found = cleaned(["red ", "?", "-", "  ", " blue"])
    assert found[:3].tolist() == ["red", "?", "-"]
    assert found.isna().tolist() == [False, False, False, True, False]
    assert found[4] == "blue"


def test_words_are_missing_too_where_a_text_remains_among_numbers():
    found = cleaned(["1", "2", "3", "?", "x"])
    assert found.isna().tolist() == [False, False, False, True, False]
    assert found[4] == "x"


@pytest.mark.parametrize(
    ("text", "decimal", "thousands", "number"),
    [
        ("82,817.02", ".", None, 82817.02),
        ("1,234,567", ".", None, 1234567),
        ("1'234.5", ".", None, 1234.5),
        ("1 234,5", ",", None, 1234.5),
        ("1.234.567,5", ",", None, 1234567.5),
        ("-0,132", ",", None, -0.132),
        ("0.5", ",", None, 0.5),
        ("1e-3", ".", None, 0.001),
        ("1,234", ".", "", None),
        ("12,34", ".", None, None),
        ("1,23,456", ".", None, None),
        ("1,234'567", ".", None, None),
        ("1_000", ".", None, None),
        ("2024-01-01", ".", None, None),
        ("01.02.2024", ",", None, None),
    ],
)
def test_numbers_in_every_notation(text, decimal, thousands, number):
    assert number_reader(decimal, thousands)(text) == number


def test_truth_values_and_numbers_stay():
    frame = pd.DataFrame({"a": [True, None, False], "b": [1, 2, 3]})
    pd.testing.assert_frame_equal(clean_cells(frame, ".", None), frame)
