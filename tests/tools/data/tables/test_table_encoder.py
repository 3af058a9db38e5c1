"""From tables to features: statistics of the training rows only, and every kind of column."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from input_errors import message_of
from tools.data.tables.encoded_columns import MOST_CATEGORIES
from tools.data.tables.table_encoder import encoder_from_json, fit_encoder

ROWS = 400


@pytest.fixture
def frame():
    """A table with a column of each kind."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "id": np.arange(ROWS) + 7,
            "height": random.normal(170, 10, ROWS),
            "amount": random.lognormal(3, 2, ROWS),
            "change": random.standard_t(1.5, ROWS),
            "age": random.integers(18, 90, ROWS).astype(float),
            "shop": random.choice(["web", "till", "phone"], ROWS, p=[0.6, 0.3, 0.1]),
            "name": [f"customer {row}" for row in range(ROWS)],
            "country": "NL",
            "label": 0,
        }
    )
    frame.loc[::10, "age"] = np.nan
    return frame


@pytest.fixture
def encoder(frame):
    return fit_encoder(frame, np.arange(300), not_features={"label": "the label"})


def test_features_and_what_is_left_out(encoder):
    shops = ("shop=web", "shop=till", "shop=phone")
    assert encoder.features == ("height", "amount", "change", "age", "age is missing", *shops)
    assert encoder.left_out == {
        "label": "the label",
        "id": "it counts the rows",
        "name": "texts that hardly repeat",
        "country": "always NL in the training rows",
    }


def test_numbers_are_standardised_over_the_training_rows(encoder, frame):
    encoded = encoder.encode(frame)
    assert encoded.dtype == np.float32
    assert encoded.shape == (ROWS, 8)
    np.testing.assert_allclose(encoded[:300, :4].mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(encoded[:300, :4].std(axis=0), 1, atol=1e-6)


def test_rows_that_do_not_train_change_nothing(encoder, frame):
    frame.loc[300:, ["height", "amount", "change"]] *= 1000
    frame.loc[300:, "shop"] = "stall"
    other = fit_encoder(frame, np.arange(300), not_features={"label": "the label"})
    assert other == encoder
    assert not other.encode(frame)[300:, 5:].any()  # a text that no training row has


def test_tails_are_curbed_where_there_are_some(encoder, frame):
    columns = {column.name: column for column in encoder.columns}
    assert columns["amount"].unit < frame["amount"].std() / 4
    assert columns["change"].unit is not None
    for index in (1, 2):
        plain = frame[encoder.features[index]][:300]
        assert stats.kurtosis(encoder.encode(frame)[:300, index]) < stats.kurtosis(plain) / 5
    assert encoder.encode(frame)[:, 1].argmax() == frame["amount"].argmax()


def test_the_unit_is_the_likeliest_under_a_normal_distribution(encoder, frame):
    """The density of the values themselves, by numerical change of variables."""
    values = frame["amount"].to_numpy()[:300]
    median, deviation = np.median(values), values.std()

    def log_likelihood(unit):
        curbed = np.arcsinh((values - median) / unit)
        step = 1e-6 * unit
        slope = (np.arcsinh((values + step - median) / unit) - curbed) / step
        normal = stats.norm(curbed.mean(), curbed.std())
        return (normal.logpdf(curbed) + np.log(slope)).sum()

    units = deviation * 2.0 ** np.arange(3, -7, -1)
    assert encoder.columns[1].unit == pytest.approx(max(units, key=log_likelihood))


def test_a_missing_number_is_the_median_and_says_so(encoder, frame):
    encoded = encoder.encode(frame)
    missing = frame["age"].isna().to_numpy()
    np.testing.assert_array_equal(encoded[:, 4], missing)
    median = frame["age"][:300].median()
    present = np.flatnonzero(frame["age"] == median)
    if len(present):
        assert encoded[0, 3] == encoded[present[0], 3]
    assert len(np.unique(encoded[missing, 3])) == 1


def test_texts_have_a_feature_for_each_of_the_commonest():
    texts = [f"text {index % 50}" for index in range(ROWS)]
    (column,) = fit_encoder(pd.DataFrame({"a": texts}), np.arange(ROWS)).columns
    assert len(column.categories) == MOST_CATEGORIES
    encoded = column.encode(pd.Series(["text 0", "text 49", None]))
    assert encoded.sum(axis=1).tolist() == [1, 0, 0]


def test_json_gives_the_same_encoder(encoder, frame):
    again = encoder_from_json(json.loads(json.dumps(encoder.to_json())))
    assert again == encoder
    np.testing.assert_array_equal(again.encode(frame), encoder.encode(frame))


def test_an_encoded_row_does_not_depend_on_the_others(encoder, frame):
    np.testing.assert_array_equal(encoder.encode(frame.iloc[[5]]), encoder.encode(frame)[[5]])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda f: f.drop(columns=["amount", "shop"]), "the table lacks amount, shop"),
        (lambda f: f.assign(more=1), "the table has more, which the training table has not"),
        (lambda f: f.assign(height=np.nan), "column height, row 0"),
        (lambda f: f.assign(height="tall"), "'tall' is no number"),
        (lambda f: f.assign(age=np.inf), "'inf' is infinite"),
    ],
)
def test_a_table_that_differs_from_the_training_table_is_refused(change, words, encoder, frame):
    assert words in message_of(encoder.encode, change(frame))


def test_columns_that_were_left_out_may_be_there_or_not(encoder, frame):
    without = encoder.encode(frame.drop(columns=["label", "id", "name", "country"]))
    np.testing.assert_array_equal(without, encoder.encode(frame))


def test_the_preview_has_a_line_for_each_column(encoder, frame):
    lines = encoder.preview.splitlines()
    assert len(lines) == len(frame.columns)
    assert lines[0].split()[:2] == ["height", "number,"]
    assert "missing: " in lines[3]
    assert "text, 3 categories: web, till, phone" in lines[4]


def test_a_column_of_zeros_and_few_other_numbers_stays_finite():
    values = np.zeros(ROWS)
    values[::50] = np.arange(1, 9)
    encoded = fit_encoder(pd.DataFrame({"a": values}), np.arange(ROWS)).encode(
        pd.DataFrame({"a": [0.0, 1e12]})
    )
    assert np.isfinite(encoded).all()


def test_a_table_without_anything_to_learn_is_refused():
    frame = pd.DataFrame({"a": np.ones(9), "b": np.full(9, np.nan)})
    assert "no column to learn from" in message_of(fit_encoder, frame, np.arange(9))


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value.pop("columns"),
        lambda value: value.update(columns=7),
        lambda value: value.update(more=7),
        lambda value: value.update(needed=[1]),
        lambda value: value.update(constants=["x"]),
        lambda value: value.update(constants={"c": [1]}),
        lambda value: value["columns"].append("x"),
        lambda value: value["columns"][0].update(name=3),
        lambda value: value["columns"][0].update(median="0"),
        lambda value: value["columns"][0].update(mean=[0]),
        lambda value: value["columns"][0].update(scale=None),
    ],
)
def test_a_damaged_encoder_is_named(change):
    frame = pd.DataFrame({"a": [1.0, 2.5, 2.0], "b": ["x", "y", "x"]})
    value = json.loads(json.dumps(fit_encoder(frame, np.arange(3)).to_json()))
    change(value)
    assert "encoder in manifest.json is damaged" in message_of(encoder_from_json, value)


@pytest.mark.parametrize("values", [[0.0, 1.0, 1.797e308], [0.0, 1e-200, 2e-200]])
def test_a_column_whose_variance_is_no_number_is_named(values):
    frame = pd.DataFrame({"v": values * 100, "w": np.arange(300) % 7})
    assert "the column v goes from" in message_of(fit_encoder, frame, np.arange(300))


def test_a_time_that_counts_the_rows_still_tells_the_hour():
    frame = pd.DataFrame({"t": np.arange(200), "v": np.arange(200) % 7})
    encoder = fit_encoder(frame, np.arange(100), time_column="t", absolute_time=True)
    assert encoder.needed == ("t", "v")
    assert "lacks t" in message_of(encoder.encode, frame[["v"]])


@pytest.mark.parametrize(
    "values", [[0, 1, 0, 0], [False, True, False, False], [0.0, 1.0, np.nan, 0.0]]
)
def test_truth_values_stay_0_and_1(values):
    encoder = fit_encoder(pd.DataFrame({"v": values * 50}), np.arange(100))
    encoded = encoder.encode(pd.DataFrame({"v": values}))
    assert encoded[:, 0].tolist() == [0, 1, 0, 0]
    assert encoder.preview.startswith("  v  0 or 1")


def test_a_spread_of_rounding_errors_is_constant_and_a_small_one_is_not():
    errors = 1e-15 * np.random.default_rng(0).normal(size=ROWS)
    frame = pd.DataFrame({"nearly": 1 + errors, "small": 1e6 + 1e-6 * np.arange(ROWS)[::-1]})
    encoder = fit_encoder(frame, np.arange(ROWS))
    assert encoder.left_out == {"nearly": "always 1 in the training rows"}
    assert encoder.constants == {"nearly": pytest.approx(1)}


def test_constants_keep_their_values(encoder):
    assert encoder.constants == {"country": "NL"}


def test_an_encoder_of_an_earlier_version_has_no_constants(encoder):
    value = json.loads(json.dumps(encoder.to_json()))
    del value["constants"]
    assert encoder_from_json(value).constants == {}
