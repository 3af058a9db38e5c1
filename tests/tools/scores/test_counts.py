"""Metrics from counts, against scikit-learn, sorting, and the mean over orders of ties."""

import itertools

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from tools.scores.counts import auroc_of, average_precision_of, counts_of, levels_of, recall_of


@pytest.mark.parametrize("digits", [0, 1, 8])
def test_auroc_and_average_precision_are_scikit_learns(digits):
    random = np.random.default_rng(digits)
    for _ in range(20):
        scores_in = random.normal(size=70).round(digits)
        scores_out = random.normal(1, 1, size=20).round(digits)
        scores, is_ood = np.concatenate([scores_in, scores_out]), np.repeat([0, 1], [70, 20])
        counts = counts_of(scores_in, scores_out)
        assert auroc_of(*counts) == pytest.approx(roc_auc_score(is_ood, scores), abs=1e-12)
        expected = average_precision_score(is_ood, scores)
        assert average_precision_of(*counts) == pytest.approx(expected, abs=1e-12)


def test_recall_counts_the_highest_scores():
    random = np.random.default_rng(0)
    scores_in, scores_out = random.normal(size=50), random.normal(1, 1, size=30)
    is_ood = np.repeat([0, 1], [50, 30])
    order = np.argsort(-np.concatenate([scores_in, scores_out]))
    for alerts in (1, 7, 30, 79, 80, 500):
        expected = is_ood[order[:alerts]].sum() / 30
        assert recall_of(*counts_of(scores_in, scores_out), alerts) == pytest.approx(expected)


def test_recall_of_ties_is_the_mean_over_their_orders():
    scores_in, scores_out, alerts = [1.0, 1.0, 0.0], [2.0, 1.0], 2
    hits = []
    for order in itertools.permutations([0, 0, 1]):  # the three with score 1
        hits.append(1 + sum(order[: alerts - 1]))
    assert recall_of(*counts_of(*map(np.array, (scores_in, scores_out))), alerts) == pytest.approx(
        np.mean(hits) / 2
    )


def test_scores_between_two_of_ood_examples_share_a_level():
    levels_in, levels_out = levels_of(np.array([0.0, 1, 2, 2.5, 9]), np.array([3.0, 1]))
    assert levels_in.tolist() == [0, 1, 2, 2, 4]
    assert levels_out.tolist() == [3, 1]
