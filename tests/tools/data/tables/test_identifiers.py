"""Which columns of numbers name rows."""

import numpy as np
import pytest

from tools.data.tables.identifiers import is_called_id, may_name_rows, row_number_reason

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.arange(7.0, 107), "counts the rows"),
        (np.cumsum(RANDOM.integers(1, 9, 100)) * 1.0, "rise or fall"),
        (RANDOM.permutation(300)[:100] * 1.0, "all different and fill a range"),
        (RANDOM.integers(18, 90, 100) * 1.0, ""),
        (np.sort(RANDOM.normal(size=100)), ""),
        (np.arange(20.0), ""),
        (np.append(np.arange(99.0), np.nan), ""),
    ],
)
def test_row_numbers_are_whole_different_and_ordered_or_dense(values, words):
    reason = row_number_reason(values)
    assert words in reason
    assert bool(reason) == bool(words)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (RANDOM.integers(10**5, 10**8, 200) * 1.0, True),
        (np.append(RANDOM.integers(10**5, 10**8, 200) * 1.0, np.nan), True),
        (RANDOM.integers(0, 5000, 200) * 1.0, False),
        (RANDOM.lognormal(12, 1, 200), False),
        (np.repeat(RANDOM.integers(10**5, 10**8, 100) * 1.0, 2), False),
    ],
)
def test_ids_are_whole_long_and_nearly_all_different(values, expected):
    assert may_name_rows(values) is expected


@pytest.mark.parametrize(
    "name",
    ["id", "customer_id", "customerId", "CustomerID", "order.number", "Row.Nr", "ID", "key_"],
)
def test_names_that_say_so(name):
    assert is_called_id(name)


@pytest.mark.parametrize("name", ["humidity", "width", "valid", "monkey", "grid", "video", "note"])
def test_names_that_only_sound_so(name):
    assert not is_called_id(name)
