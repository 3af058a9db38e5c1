import time
import tracemalloc

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import average_precision_score, roc_auc_score

from tools.run.seeds import child_seed
from tools.scores.bootstrap import auroc_draws, interval, metric_draws
from tools.scores.counts import auroc_of, average_precision_of


def slow_draws(scores_in, scores_out, *, draws, seed, metric=roc_auc_score):
    """Resamples the rows themselves and lets scikit-learn compute each metric."""
    random_in = np.random.default_rng(child_seed(seed, "bootstrap", "in"))
    random_out = np.random.default_rng(child_seed(seed, "bootstrap", "out"))
    n_in, n_out = len(scores_in), len(scores_out)
    is_ood = np.repeat([0, 1], [n_in, n_out])
    values = []
    for _ in range(draws):
        drawn_in = scores_in[random_in.integers(n_in, size=n_in)]
        drawn_out = scores_out[random_out.integers(n_out, size=n_out)]
        values.append(metric(is_ood, np.concatenate([drawn_in, drawn_out])))
    return np.array(values)


@pytest.mark.parametrize("seed", [0, 5])
def test_draws_equal_a_slow_loop(seed):
    random = np.random.default_rng(1)
    scores_in, scores_out = random.normal(size=(2, 60)), random.normal(1, 1, size=(2, 35))
    scores_in[1], scores_out[1] = scores_in[1].round(), scores_out[1].round()  # many ties
    found = auroc_draws(scores_in, scores_out, draws=30, seed=seed)
    for line in range(2):
        expected = slow_draws(scores_in[line], scores_out[line], draws=30, seed=seed)
        np.testing.assert_allclose(found[line], expected, rtol=0, atol=1e-12)


def test_any_metric_meets_the_same_draws():
    random = np.random.default_rng(4)
    # In the second line an OoD example has the highest score, in the first a normal one.
    scores_in, scores_out = random.normal(size=(2, 40)), random.normal(size=(2, 25))
    scores_in[0, 3], scores_out[1, 3] = 9, 9
    metrics = {"auroc": auroc_of, "ap": average_precision_of}
    found = metric_draws(scores_in, scores_out, metrics, draws=20, seed=3)
    aurocs = auroc_draws(scores_in, scores_out, draws=20, seed=3)
    np.testing.assert_allclose(found["auroc"], aurocs, rtol=0, atol=1e-12)
    for line in range(2):
        expected = slow_draws(
            scores_in[line], scores_out[line], draws=20, seed=3, metric=average_precision_score
        )
        np.testing.assert_allclose(found["ap"][line], expected, rtol=0, atol=1e-12)


def test_all_scores_meet_the_same_examples():
    random = np.random.default_rng(2)
    scores_in, scores_out = random.normal(size=(3, 40)), random.normal(size=(3, 20))
    together = auroc_draws(scores_in, scores_out, draws=10, seed=0)
    alone = [
        auroc_draws(scores_in[[line]], scores_out[[line]], draws=10, seed=0)[0] for line in range(3)
    ]
    np.testing.assert_array_equal(together, alone)


def test_seeds_repeat_and_differ():
    random = np.random.default_rng(3)
    scores = random.normal(size=(1, 50)), random.normal(size=(1, 50))
    first = auroc_draws(*scores, draws=10, seed=0)
    np.testing.assert_array_equal(first, auroc_draws(*scores, draws=10, seed=0))
    assert not np.array_equal(first, auroc_draws(*scores, draws=10, seed=1))


@pytest.mark.parametrize(
    ("scores_in", "scores_out", "auroc"),
    [([[5.0, 5, 5]], [[5.0, 5]], 0.5), ([[1.0, 2]], [[3.0, 4, 5]], 1), ([[1.0]], [[0.0]], 0)],
)
def test_draws_without_variance(scores_in, scores_out, auroc):
    draws = auroc_draws(np.array(scores_in), np.array(scores_out), draws=20, seed=0)
    np.testing.assert_array_equal(draws, np.full((1, 20), auroc))


def test_no_draws():
    assert auroc_draws(np.zeros((2, 3)), np.zeros((2, 3)), draws=0, seed=0).shape == (2, 0)


def test_interval_holds_the_central_95_percent():
    draws = np.random.default_rng(4).permutation(np.arange(1001) / 1000)
    assert interval(draws) == pytest.approx((0.025, 0.975))


def test_intervals_cover_the_true_auroc():
    random = np.random.default_rng(5)
    truth = norm.cdf(1 / np.sqrt(2))  # N(0, 1) against N(1, 1)
    scores_in, scores_out = random.normal(size=(300, 80)), random.normal(1, 1, size=(300, 60))
    draws = auroc_draws(scores_in, scores_out, draws=300, seed=0)
    covered = np.mean([low <= truth <= high for low, high in map(interval, draws)])
    assert 0.90 < covered < 0.99


def test_a_thousand_draws_of_ten_thousand_and_ten_thousand_take_seconds_and_little_memory():
    random = np.random.default_rng(6)
    scores = random.normal(size=(1, 10_000)), random.normal(1, 1, size=(1, 10_000))
    tracemalloc.start()
    started = time.process_time()
    auroc_draws(*scores, draws=1000, seed=0)
    seconds = time.process_time() - started
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert seconds < 5
    assert peak < 100e6
