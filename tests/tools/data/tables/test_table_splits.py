"""Which rows train and which are tested, for every protocol; a tested row equals no other."""

import numpy as np
import pandas as pd
import pytest

from input_errors import message_of
from tools.data.tables.table_splits import (
    groups_of_equal_features,
    groups_of_equal_rows,
    split_apart,
    split_balanced,
    split_semi,
    split_time,
    split_unlabelled,
)

ROWS, ANOMALIES = 1000, 40


@pytest.fixture
def is_normal():
    return np.random.default_rng(1).permutation(ROWS) >= ANOMALIES


@pytest.fixture
def groups():
    """Many rows that have equals."""
    return np.random.default_rng(2).integers(400, size=ROWS)


def rng(seed=0):
    return np.random.default_rng(seed)


def seconds():
    return np.linspace(0, 2 * 86400 - 1, ROWS)


SPLITS = {
    "semi": split_semi,
    "balanced": split_balanced,
    "time": lambda is_normal, groups, rng: split_time(is_normal, groups, rng, seconds()),
}


@pytest.mark.parametrize("split", SPLITS.values(), ids=SPLITS)
def test_parts_are_disjoint_and_equal_rows_stand_on_one_side(split, is_normal, groups):
    parts = split(is_normal, groups, rng())
    rows = np.concatenate(parts)
    assert len(np.unique(rows)) == len(rows)
    assert is_normal[np.concatenate(parts[:3])].all()
    assert not is_normal[parts.anomalies].any()
    tested = groups[np.concatenate([parts.test, parts.anomalies])]
    assert not np.isin(groups[parts.training], tested).any()
    assert all((np.diff(part) > 0).all() for part in parts)


@pytest.mark.parametrize("split", SPLITS.values(), ids=SPLITS)
def test_the_seed_decides(split, is_normal):
    groups = np.arange(ROWS)
    first, again, other = (split(is_normal, groups, rng(seed)) for seed in (0, 0, 1))
    assert all(map(np.array_equal, first, again))
    assert not np.array_equal(first.calibration, other.calibration)


def test_semi_trains_on_half_of_the_normal_rows_and_tests_all_anomalies(is_normal):
    parts = split_semi(is_normal, np.arange(ROWS), rng())
    assert [len(part) for part in parts] == [432, 48, 480, ANOMALIES]


def test_balanced_tests_as_many_normal_rows_as_anomalies(is_normal, groups):
    assert [len(part) for part in split_balanced(is_normal, np.arange(ROWS), rng())] == [
        828, 92, ANOMALIES, ANOMALIES
    ]  # fmt: skip
    parts = split_balanced(is_normal, groups, rng())
    assert len(parts.test) == len(parts.anomalies) == ANOMALIES
    message = message_of(split_balanced, np.ones(ROWS, bool), groups, rng())
    assert "--label_column" in message


def test_balanced_tests_half_of_the_normal_rows_at_most():
    is_normal = np.arange(180) < 100
    parts = split_balanced(is_normal, np.arange(180), rng())
    assert [len(part) for part in parts] == [45, 5, 50, 80]


def test_time_trains_on_the_first_day_and_tests_all_of_the_second(is_normal):
    parts = SPLITS["time"](is_normal, np.arange(ROWS), rng())
    assert max(parts.training.max(), parts.calibration.max()) < ROWS / 2
    tested = np.sort(np.concatenate([parts.test, parts.anomalies]))
    np.testing.assert_array_equal(tested, np.arange(ROWS // 2, ROWS))


@pytest.mark.parametrize("first_day", [0, 7])
def test_of_an_odd_number_of_days_the_middle_one_is_tested(first_day, is_normal):
    time = np.linspace(0, 3 * 86400 - 1, ROWS) + 86400 * first_day
    parts = split_time(is_normal, np.arange(ROWS), rng(), time)
    assert parts.training.max() < ROWS / 3 <= parts.test.min() < ROWS / 3 + 10


def test_rows_of_one_day_cannot_be_split_by_time(is_normal):
    message = message_of(split_time, is_normal, np.arange(ROWS), rng(), np.arange(ROWS))
    assert "two days" in message


def test_too_few_rows_to_train_are_refused():
    message = message_of(split_semi, np.arange(120) < 12, np.arange(120), rng())
    assert "would train" in message
    assert len(split_semi(np.ones(44, bool), np.arange(44), rng()).training) == 20
    message = message_of(split_semi, np.ones(42, bool), np.arange(42), rng())
    assert message.startswith("19 normal rows would train, 2 calibrate and 21 be tested")


@pytest.mark.parametrize("seed", range(5))
def test_a_group_that_does_not_fit_is_passed_over(seed):
    groups = np.where(np.arange(1000) < 600, 0, np.arange(1000))  # 600 equal rows
    parts = split_semi(np.ones(1000, bool), groups, rng(seed))
    assert len(parts.calibration) == 50
    assert len(parts.training) == 400 - (parts.calibration >= 600).sum()  # all but those


def test_equal_rows_have_one_number():
    frame = pd.DataFrame({"a": [1.0, 1.0, np.nan, np.nan, 1.0], "b": ["x", "x", "x", "x", "y"]})
    groups = groups_of_equal_rows(frame)
    assert groups[0] == groups[1]
    assert groups[2] == groups[3]
    assert len(set(groups.tolist())) == 3


def test_groups_whose_rows_have_equal_features_are_one():
    features = np.array([[1, 2], [3, 4], [1, 2], [5, 6], [3, 4]], np.float32)
    found = groups_of_equal_features(np.array([4, 3, 1, 0, 2]), features)
    assert found.tolist() == [1, 2, 1, 0, 2]


@pytest.mark.parametrize("split", SPLITS.values(), ids=SPLITS)
def test_calibration_rows_are_drawn_one_by_one(split, is_normal):
    groups = np.arange(ROWS) // 50  # twenty patterns of fifty rows
    parts = split(is_normal, groups, rng())
    assert len(np.unique(groups[parts.calibration])) >= 8


def test_about_half_of_the_calibration_rows_have_equals_that_train():
    groups = np.arange(ROWS) // 50
    parts = split_semi(np.ones(ROWS, bool), groups, rng())
    assert 0.3 < np.isin(groups[parts.calibration], groups[parts.training]).mean() < 0.7


def test_a_second_table_is_tested_as_a_whole(is_normal):
    is_second = np.arange(ROWS) >= 700
    split = split_apart(is_normal, is_second, rng())
    first = np.concatenate([split.training, split.calibration])
    np.testing.assert_array_equal(np.sort(first), np.flatnonzero(is_normal & ~is_second))
    np.testing.assert_array_equal(split.test, np.flatnonzero(is_normal & is_second))
    np.testing.assert_array_equal(split.anomalies, np.flatnonzero(~is_normal & is_second))


def test_without_labels_all_rows_are_scored():
    split = split_unlabelled(ROWS, rng())
    assert (len(split.training), len(split.calibration), len(split.test)) == (900, 100, 1000)
    assert not np.intersect1d(split.training, split.calibration).size
