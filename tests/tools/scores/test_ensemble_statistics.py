import math
import statistics

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from tools.errors import InputError
from tools.scores.ensemble_statistics import (
    SCORE_KEYS,
    STATISTICS,
    anomaly_scores,
    described,
    headline_score,
    log_effective_members,
    mean,
    mixture,
    variance,
    waic,
)

L = np.random.default_rng(0).normal(-100, 3, size=(5, 50))


def by_example(formula, log_likelihood):
    """The formula on each example's members, one by one."""
    return np.array([formula(column.tolist()) for column in log_likelihood.T])


def slow_waic(values):
    return statistics.fmean(values) - statistics.pvariance(values)


def slow_mixture(values):
    return math.log(math.fsum(math.exp(value) for value in values) / len(values))


def slow_log_effective_members(values):
    total = math.fsum(math.exp(value) for value in values)
    return -math.log(math.fsum((math.exp(value) / total) ** 2 for value in values))


@pytest.mark.parametrize(
    ("fast", "slow"),
    [
        (mean, statistics.fmean),
        (variance, statistics.pvariance),
        (lambda values: variance(values, ddof=1), statistics.variance),
        (waic, slow_waic),
        (mixture, slow_mixture),
        (log_effective_members, slow_log_effective_members),
    ],
)
def test_statistic_equals_its_definition(fast, slow):
    np.testing.assert_allclose(fast(L), by_example(slow, L), rtol=1e-12, atol=1e-12)


def test_the_headline_is_iwae_or_the_trained_critic_or_the_first():
    assert headline_score(("rate", "iwae", "elbo")) == "iwae"
    assert headline_score(("logit", "extra_logit")) == "extra_logit"
    assert headline_score(("rate", "elbo")) == "rate"
    for key in SCORE_KEYS.values():
        assert set(key.headline_statistics) <= set(STATISTICS)


def test_copies_of_one_member_are_that_member():
    single = np.random.default_rng(1).normal(-100.1, 7, size=200)
    copies = np.tile(single, (7, 1))
    scores = anomaly_scores("iwae", copies)
    for statistic in ("mean", "waic", "mixture"):
        np.testing.assert_array_equal(scores[statistic], -single)
    np.testing.assert_array_equal(scores["variance"], np.zeros(200))
    assert len(set(scores["disagreement"])) == 1
    np.testing.assert_allclose(scores["disagreement"], -math.log(7))


def test_copies_of_one_member_have_its_auroc():
    random = np.random.default_rng(2)
    l_in, l_out = random.normal(-90, 10, size=300), random.normal(-100, 10, size=300)
    is_ood = np.repeat([0, 1], 300)
    expected = roc_auc_score(is_ood, np.concatenate([-l_in, -l_out]))
    copies = np.tile(np.concatenate([l_in, l_out]), (5, 1))
    scores = anomaly_scores("elbo", copies)
    assert roc_auc_score(is_ood, scores["mean"]) == expected
    assert roc_auc_score(is_ood, scores["waic"]) == expected
    assert roc_auc_score(is_ood, scores["variance"]) == 0.5


def test_one_member_has_no_variance_and_does_not_disagree():
    scores = anomaly_scores("iwae", L[:1])
    np.testing.assert_array_equal(scores["waic"], -L[0])
    np.testing.assert_array_equal(scores["variance"], np.zeros(50))
    np.testing.assert_array_equal(scores["disagreement"], np.zeros(50))


def test_one_example():
    scores = anomaly_scores("iwae", L[:, :1])
    assert {name: values.shape for name, values in scores.items()} == {
        name: (5, 1) if name == "single" else (1,) for name in STATISTICS
    }


def test_all_statistics_come_in_their_order():
    assert tuple(anomaly_scores("iwae", L)) == STATISTICS


@pytest.mark.parametrize("score_key", SCORE_KEYS)
def test_higher_scores_are_more_anomalous(score_key):
    high_is_normal = SCORE_KEYS[score_key].high_is_normal
    assert described(score_key).endswith("normal" if high_is_normal else "anomalous")
    values = np.array([[1.0, 2.0], [1.0, 2.0]])
    for statistic in ("mean", "waic", "mixture"):
        low, high = anomaly_scores(score_key, values)[statistic]
        assert (high < low) == high_is_normal
    single = anomaly_scores(score_key, values)["single"]
    np.testing.assert_array_equal(single, -values if high_is_normal else values)


def test_members_that_disagree_more_are_more_anomalous():
    spread = np.array([0.0, 0.5, 5.0, 50.0, 60.0, 500.0])  # 50 and 60: both 1 effective member
    scores = anomaly_scores("iwae", np.stack([-100 - spread, -100 + 0 * spread]))
    assert (np.diff(scores["variance"]) > 0).all()
    assert (np.diff(scores["disagreement"]) > 0).all()


def test_far_log_likelihoods_do_not_underflow():
    np.testing.assert_allclose(mixture(np.array([[-3000.0], [-3000.0]])), [-3000])
    np.testing.assert_allclose(mixture(np.array([[-3000.0], [-9000.0]])), [-3000 - math.log(2)])


def test_the_order_of_members_does_not_matter():
    for statistic, scores in anomaly_scores("iwae", L).items():
        turned = anomaly_scores("iwae", L[::-1])[statistic]
        expected = scores[::-1] if statistic == "single" else scores
        np.testing.assert_allclose(turned, expected, rtol=1e-12, atol=1e-12)


def test_float32_is_computed_in_float64():
    scores = anomaly_scores("iwae", L.astype(np.float32))
    assert {values.dtype for values in scores.values()} == {np.dtype("float64")}
    np.testing.assert_allclose(
        scores["variance"], by_example(statistics.pvariance, L.astype(np.float32)), rtol=1e-12
    )


def test_ddof_changes_variance_and_waic_only():
    zero, one = anomaly_scores("iwae", L), anomaly_scores("iwae", L, ddof=1)
    changed = {name for name in STATISTICS if not np.array_equal(zero[name], one[name])}
    assert changed == {"variance", "waic"}
    np.testing.assert_allclose(one["variance"], zero["variance"] * 5 / 4)


def test_ddof_without_enough_members_is_refused():
    with pytest.raises(ValueError, match="ddof 1"):
        variance(L[:1], ddof=1)


@pytest.mark.parametrize("values", [np.zeros(3), np.zeros((0, 3)), np.zeros((2, 3, 4))])
def test_other_axes_are_refused(values):
    with pytest.raises(ValueError, match=r"\[member, example\]"):
        anomaly_scores("iwae", values)


def test_likelihoods_and_logits_are_high_for_normal_examples_and_all_else_is_low():
    high = {key for key, score in SCORE_KEYS.items() if score.high_is_normal}
    of_features = {"place_log_likelihood"}
    assert high == {"iwae", "elbo", "log_likelihood", "extra_logit", "logit"} | of_features


def test_an_unknown_score_has_no_direction():
    with pytest.raises(InputError, match=r"'iwea'; known: iwae, elbo"):
        anomaly_scores("iwea", L)
