"""Floors of tables against slow definitions, and on rows that break careless fits."""

import numpy as np
import pytest

from tools.scores.metrics import auroc
from tools.scores.table_floors import TABLE_FLOORS, fit_table_floor


def normal_rows(count, seed):
    random = np.random.default_rng(seed)
    first = random.normal(size=(count, 1))
    return np.hstack(
        [first, first + 0.1 * random.normal(size=(count, 1)), random.random((count, 1))]
    )


@pytest.mark.parametrize("name", TABLE_FLOORS)
def test_far_rows_are_more_anomalous(name):
    score = fit_table_floor(name, normal_rows(300, 0), seed=0)
    normal, far = normal_rows(100, 1), normal_rows(100, 2) + np.array([6, 6, 3])
    assert auroc(score(normal), score(far)) > 0.99


@pytest.mark.parametrize("name", [name for name in TABLE_FLOORS if name != "elliptic_envelope"])
@pytest.mark.parametrize("case", ["collinear", "constant", "two rows", "huge"])
def test_awkward_rows_have_finite_scores(name, case):
    rows = normal_rows(50, 0)
    if case == "collinear":
        rows = np.hstack([rows, rows, 2 * rows])
    elif case == "constant":
        rows[:, 1] = 7
    elif case == "two rows":
        rows = rows[:2]
    else:
        rows *= 1e12
    found = fit_table_floor(name, rows, seed=0)(rows[:20].astype(np.float32))
    assert np.isfinite(found).all()


def test_neighbours_are_those_of_standardised_rows():
    training, rows = normal_rows(40, 0) * [1, 100, 5], normal_rows(7, 1) * [1, 100, 5]
    scaled, known = (((part - training.mean(0)) / training.std(0)) for part in (rows, training))
    distances = np.sort(np.linalg.norm(scaled[:, None] - known[None], axis=2), axis=1)[:, :5]
    np.testing.assert_allclose(fit_table_floor("knn", training, 0)(rows), distances[:, 4])
    mean = fit_table_floor("dte_np", training, 0)(rows)
    np.testing.assert_allclose(mean, distances.mean(axis=1))


def test_marginal_tails_by_counting():
    training = np.array([[0.0, 5.0], [1.0, 6.0], [2.0, 7.0], [9.0, 8.0]])
    row = np.array([[1.5, 4.0]])
    left = np.log(5 / 3) + np.log(5 / 1)  # two of four at most 1.5; none at most 4
    right = np.log(5 / 3) + np.log(5 / 5)
    skewed = np.log(5 / 3) + np.log(5 / 5)  # the first is skewed to the right, the second not
    found = fit_table_floor("marginal_tails", training, 0)(row)
    assert found == pytest.approx([max(left, right, skewed)])


@pytest.mark.parametrize("name", TABLE_FLOORS)
def test_the_same_seed_gives_the_same_scores(name):
    rows = normal_rows(60, 0)
    first, second = (fit_table_floor(name, rows, seed=4)(rows) for _ in range(2))
    np.testing.assert_array_equal(first, second)
