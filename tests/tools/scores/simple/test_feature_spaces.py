"""Spaces of rows: the table's numbers are found again, words weigh as much as a number."""

import numpy as np
import pandas as pd
import pytest

from tools.data.tables.table_encoder import fit_encoder
from tools.scores.simple.feature_spaces import (
    NUMBER,
    arcsinh_of_quartiles,
    columns_of,
    fit_space,
    plain_columns,
    whitening,
)

RANDOM = np.random.default_rng(0)


@pytest.fixture
def table():
    return pd.DataFrame(
        {
            "wide": np.exp(3 * RANDOM.normal(size=400)),  # heavy tails: it is encoded by arcsinh
            "plain": RANDOM.uniform(size=400),
            "word": RANDOM.choice(["a", "b", "c"], 400, p=[0.6, 0.3, 0.1]),
            "rare": np.where(np.arange(400) == 7, "once", RANDOM.choice(["yes", "no"], 400)),
        }
    )


def test_numbers_are_those_of_the_table_but_for_origin_and_unit(table):
    encoder = fit_encoder(table, np.arange(400))
    columns = columns_of(encoder)
    assert columns.is_curbed.tolist()[:2] == [True, False]
    assert columns.group.tolist() == [NUMBER, NUMBER, 0, 0, 0, 1, 1, 1]
    numbers = columns.numbers(encoder.encode(table))
    for place, name in enumerate(("wide", "plain")):
        assert np.corrcoef(numbers[:, place], table[name])[0, 1] == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("space", ["standard", "arcsinh"])
def test_a_column_has_variance_one_whatever_its_words(table, space):
    encoder = fit_encoder(table, np.arange(400))
    rows = encoder.encode(table)
    places = fit_space(space, rows, columns_of(encoder))(rows)
    variances = places.var(axis=0)
    np.testing.assert_allclose(variances[:2], 1)
    assert variances[2:6].sum() == pytest.approx(1)  # a, b, c, and no other: a constant
    assert variances[6:].sum() == pytest.approx(1)  # yes, no, and the one that is rare


def test_range_goes_from_0_to_1_and_two_words_are_at_distance_1(table):
    encoder = fit_encoder(table, np.arange(400))
    rows = encoder.encode(table)
    places = fit_space("range", rows, columns_of(encoder))(rows)
    np.testing.assert_allclose(places[:, :2].min(axis=0), 0)
    np.testing.assert_allclose(places[:, :2].max(axis=0), 1)
    words = places[:, 2:6]
    unlike = table["word"].to_numpy() != table["word"][0]
    np.testing.assert_allclose(np.linalg.norm(words - words[0], axis=1), unlike)


def test_arcsinh_is_linear_inside_and_logarithmic_far_out():
    training = np.random.default_rng(1).normal(size=(10_000, 1))
    curb = arcsinh_of_quartiles(training)
    assert curb(np.array([[0.1]])) - curb(np.array([[0.0]])) == pytest.approx(0.1, rel=0.05)
    far = np.array([[1e6], [1e7]])
    assert np.diff(curb(far), axis=0) == pytest.approx(np.log(10), rel=1e-3)


def test_a_column_that_never_varies_stays_finite():
    rows = np.random.default_rng(2).normal(size=(50, 3)).astype(np.float32)
    rows[:, 1] = 4
    for name in ("standard", "arcsinh", "range"):
        assert np.isfinite(fit_space(name, rows, plain_columns(3))(rows * 1e9)).all()


def test_whitened_rows_are_uncorrelated_of_variance_one():
    rows = np.random.default_rng(3).normal(size=(5000, 3)) @ np.array(
        [[1, 0.9, 0], [0, 1, 0], [0, 0, 5]]
    )
    whitened = rows @ whitening(rows)
    np.testing.assert_allclose(np.cov(whitened.T), np.eye(3), atol=0.05)
