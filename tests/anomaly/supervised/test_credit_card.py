import numpy as np
import pandas as pd
import pytest

from anomaly.supervised import credit_card
from anomaly.supervised.credit_card import load_credit_card, stratified_parts
from tools.data.tables.table_datasets import NamedTable


def transactions(count=2000, frauds=60, seed=0):
    """A table with the columns of the real one, whose frauds have a large V1; rows repeat."""
    rng = np.random.default_rng(seed)
    is_fraud = np.arange(count) % (count // frauds) == 0
    frame = pd.DataFrame({f"V{index}": rng.normal(size=count) for index in range(1, 4)})
    frame.insert(0, "Time", np.arange(count) * 80.0)
    frame["V1"] += 4 * is_fraud
    frame["Amount"] = rng.lognormal(3, 1.5, size=count).round(2)
    frame["Class"] = is_fraud.astype(int)
    frame.loc[1000:1200, "V1":] = frame.loc[0:200, "V1":].to_numpy()  # seen again, later
    return frame


@pytest.fixture
def small_table(monkeypatch):
    frame = transactions()
    monkeypatch.setattr(
        credit_card, "load_table", lambda name, folder: NamedTable(name, frame, "checksum")
    )
    return frame


def test_parts_are_stratified_and_share_no_group():
    rng = np.random.default_rng(0)
    is_fraud, groups = rng.random(1000) < 0.05, rng.integers(700, size=1000)
    parts = stratified_parts(is_fraud, groups, seed=0)
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(1000))
    assert [round(len(part) / 200) for part in parts] == [3, 1, 1]
    for part in parts:
        assert (np.diff(part) > 0).all()
        assert is_fraud[part].mean() == pytest.approx(is_fraud.mean(), abs=0.01)
        others = np.setdiff1d(np.arange(1000), part)
        assert not np.isin(groups[part], groups[others]).any()


def test_the_seed_draws_the_parts(small_table):
    first, again, other = (load_credit_card("", seed).test.ids for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_labels_belong_to_their_rows_and_are_no_feature(small_table):
    parts = load_credit_card("", seed=0)
    for part in parts:
        np.testing.assert_array_equal(part.is_fraud, small_table["Class"].to_numpy()[part.ids])
        assert part.features.shape == (len(part.ids), 5)  # V1 to V3, amount, hour of the day


def test_features_are_standardized_by_the_training_rows(small_table):
    parts = load_credit_card("", seed=0)
    np.testing.assert_allclose(parts.training.features.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(parts.training.features.std(axis=0), 1, rtol=1e-5)
    assert (abs(parts.test.features.mean(axis=0)) > 1e-4).any()


def test_rows_that_differ_in_their_time_only_stand_in_one_part(small_table):
    values = small_table.drop(columns=["Time", "Class"]).round(9).apply(tuple, axis=1)
    parts = [set(values[part.ids]) for part in load_credit_card("", seed=0)]
    assert not parts[0] & parts[1] | parts[0] & parts[2] | parts[1] & parts[2]
