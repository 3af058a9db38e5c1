"""Columns that give the label away are found, and honest ones are not."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from tools.data.tables.label_leaks import _auroc, label_leaks, leak_questions


@pytest.fixture
def labelled():
    random = np.random.default_rng(0)
    is_normal = np.arange(600) % 12 > 0
    honest = random.normal(size=600) + 2 * ~is_normal
    return pd.DataFrame({"honest": honest}), is_normal


def test_a_value_of_anomalies_only_and_a_perfect_rank_are_leaks(labelled):
    frame, is_normal = labelled
    fails = np.where(~is_normal & (np.arange(600) % 5 == 0), 1, 0)
    sure = np.where(is_normal, 1.0, -1.0) + frame["honest"] / 100
    word = np.where(fails, "broken", "fine")
    found = label_leaks(frame.assign(HDF=fails, sure=sure, word=word), is_normal)
    assert found == {
        "HDF": "is 1 in anomalies only (10 of 50)",
        "sure": "alone has an AUROC of 1.0000",
        "word": "is broken in anomalies only (10 of 50)",
    }
    first = next(leak_questions(found))
    assert first.endswith("is it known when a row is scored? --drop_columns=HDF")


@pytest.mark.parametrize(
    "column",
    [
        np.where(np.arange(600) == 12, "once", "often"),
        np.random.default_rng(1).choice(list("abcdefgh"), 600),
        [f"note {row}" for row in range(600)],
    ],
)
def test_rare_and_common_words_are_none(column, labelled):
    frame, is_normal = labelled
    assert label_leaks(frame.assign(word=column), is_normal) == {}


def test_without_anomalies_there_is_no_leak(labelled):
    frame, is_normal = labelled
    assert label_leaks(frame, np.ones_like(is_normal)) == {}


def test_auroc_is_that_of_scikit_learn_with_ties():
    random = np.random.default_rng(2)
    values, labels = random.integers(0, 9, 200), random.integers(0, 2, 200).astype(bool)
    assert _auroc(values[~labels], values[labels]) == pytest.approx(roc_auc_score(labels, values))
