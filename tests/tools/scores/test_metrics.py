import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from tools.errors import InputError
from tools.scores.metrics import DetectionMetrics, acceptance_threshold, detection_metrics

INTEGER_CASES = [
    (random.integers(6, size=random.integers(1, 30)), random.integers(2, 9, size=17))
    for random in map(np.random.default_rng, range(40))
]


def metrics(scores_in, scores_out):
    return detection_metrics(
        np.asarray(scores_in, float),
        np.asarray(scores_out, float),
        in_distribution="digits",
        dataset="letters",
    )


def slow_auroc(scores_in, scores_out):
    """Share of pairs in the right order, ties one half."""
    wins = [float(o > i) + 0.5 * (o == i) for i in scores_in for o in scores_out]
    return sum(wins) / len(wins)


def slow_average_precision(scores_negative, scores_positive):
    """Precision at each threshold from above, weighted by the rise of the recall."""
    total, recall_before = 0.0, 0.0
    for threshold in sorted({*scores_negative, *scores_positive}, reverse=True):
        positives = sum(score >= threshold for score in scores_positive)
        negatives = sum(score >= threshold for score in scores_negative)
        recall = positives / len(scores_positive)
        total += (recall - recall_before) * positives / (positives + negatives)
        recall_before = recall
    return total


def slow_fpr(scores_in, scores_out, percent):
    """The smallest share of accepted OoD examples over all thresholds that qualify."""
    shares = []
    for threshold in {*scores_in, *scores_out}:
        accepted = sum(score <= threshold for score in scores_in)
        if accepted * 100 >= percent * len(scores_in):
            shares.append(sum(score <= threshold for score in scores_out) / len(scores_out))
    return min(shares)


@pytest.mark.parametrize(("scores_in", "scores_out"), INTEGER_CASES)
def test_metrics_equal_their_definitions(scores_in, scores_out):
    expected = DetectionMetrics(
        auroc=slow_auroc(scores_in, scores_out),
        ap=slow_average_precision(scores_in, scores_out),
        ap_in=slow_average_precision(-scores_out, -scores_in),
        fpr95=slow_fpr(scores_in, scores_out, 95),
        fpr99=slow_fpr(scores_in, scores_out, 99),
    )
    np.testing.assert_allclose(metrics(scores_in, scores_out), expected, rtol=0, atol=1e-12)


def test_metrics_equal_scikit_learn():
    random = np.random.default_rng(0)
    scores_in, scores_out = random.normal(size=500), random.normal(1, 2, size=300)
    is_ood = np.repeat([0, 1], [500, 300])
    scores = np.concatenate([scores_in, scores_out])
    found = metrics(scores_in, scores_out)
    expected = (
        roc_auc_score(is_ood, scores),
        average_precision_score(is_ood, scores),
        average_precision_score(is_ood == 0, -scores),
    )
    assert found[:3] == pytest.approx(expected, abs=1e-12)


def test_perfect_and_reversed_scores():
    assert metrics([1, 2, 3], [4, 5]) == DetectionMetrics(1, 1, 1, 0, 0)
    reversed_scores = metrics([4, 5], [1, 2, 3])
    assert reversed_scores.auroc == 0
    assert reversed_scores.fpr95 == reversed_scores.fpr99 == 1


def test_fpr_at_95_and_99_percent_have_their_own_thresholds():
    found = metrics(np.arange(1, 101), [94.5, 95, 95.5, 99, 99.5])  # thresholds 95 and 99
    assert (found.fpr95, found.fpr99) == (0.4, 0.8)


def test_equal_scores_are_chance():
    assert metrics([7] * 30, [7] * 10) == DetectionMetrics(0.5, 0.25, 0.75, 1, 1)


def test_one_example_each():
    assert metrics([0], [1]) == DetectionMetrics(1, 1, 1, 0, 0)


def test_swapped_sets_mirror_the_auroc():
    scores_in, scores_out = INTEGER_CASES[3]
    turned = metrics(scores_out, scores_in).auroc
    assert turned == pytest.approx(1 - metrics(scores_in, scores_out).auroc, abs=1e-12)


def test_metrics_depend_on_the_order_only():
    random = np.random.default_rng(1)
    scores_in, scores_out = random.normal(size=90), random.normal(1, 1, size=80)
    found = metrics(scores_in, scores_out)
    assert metrics(np.exp(scores_in), np.exp(scores_out)) == found
    assert metrics(scores_in[::-1], random.permutation(scores_out)) == found


def test_differences_in_the_last_digits_count():
    last = np.nextafter(-100.0, 0)
    assert metrics([-100.0], [last]).auroc == 1


@pytest.mark.parametrize(
    ("n", "percent", "rank"),
    [(1, 95, 1), (20, 95, 19), (21, 95, 20), (100, 95, 95), (1000, 99, 990), (7, 99, 7)],
)
def test_threshold_is_the_smallest_that_accepts_the_share(n, percent, rank):
    scores = np.random.default_rng(2).permutation(np.arange(1, n + 1))
    assert acceptance_threshold(scores, percent) == rank


def test_nan_is_refused_with_count_and_data_set():
    with pytest.raises(InputError, match=r"letters: of 3 scores 2 are NaN and 0 infinite"):
        metrics([1, 2], [np.nan, 1, np.nan])
    with pytest.raises(InputError, match=r"digits: of 2 scores 0 are NaN and 1 infinite"):
        metrics([1, np.inf], [1])


@pytest.mark.parametrize(("sizes", "name"), [((0, 3), "digits"), ((3, 0), "letters")])
def test_an_empty_set_is_refused_by_name(sizes, name):
    with pytest.raises(InputError, match=f"{name}.* empty"):
        metrics(*map(np.zeros, sizes))
