"""The scores of a run in order of their worst AUROC, with costs and what was published."""

import pytest

from tools.scores.costs import PASSES, SAMPLING, passes_of, seconds_per_1000
from tools.scores.detection import DetectionRow
from tools.scores.published import PUBLISHED, published
from tools.scores.ranking import ranking, winner
from tools.scores.score_registry import FITTED_SCORES

COSTS = {"sampling": 10.0, "posterior mean": 2.0, "input": 0.5}


def row(score, dataset, auroc, statistic="ensemble"):
    sizes = {"n_members": 5, "n_in": 9, "n_out": 9}
    metrics = dict.fromkeys(("ap", "ap_in", "fpr95", "fpr99"), 0.5)
    interval = {"auroc_low": None, "auroc_high": None, "spread": None}
    return DetectionRow(
        "mnist", dataset, score, statistic, auroc=auroc, **sizes, **metrics, **interval
    )


ROWS = [
    row("iwae", "near", 0.7, "waic"),
    row("iwae", "far", 1.0, "waic"),
    row("iwae", "hflip", 0.9, "waic"),
    row("dose", "near", 0.8),
    row("dose", "far", 0.9),
    row("dose", "hflip", 0.4),
    row("peer", "far", 0.99),
]


def test_the_highest_worst_auroc_comes_first_and_flips_do_not_count():
    scores = ranking(ROWS, {})
    assert [score.score for score in scores] == ["peer", "dose", "iwae"]
    dose = scores[1]
    assert (dose.worst.dataset, dose.worst.auroc) == ("near", 0.8)
    assert dose.mean == pytest.approx(0.7)
    assert winner(scores).score == "dose"  # the peer has not met all sets


def test_equal_worst_ones_stand_by_their_mean():
    rows = [*ROWS, row("rate", "near", 0.8), row("rate", "far", 0.95), row("rate", "hflip", 0.4)]
    assert [score.score for score in ranking(rows, {})][1:3] == ["rate", "dose"]


def test_where_there_are_flips_only_they_count():
    (score,) = ranking([row("iwae", "hflip", 0.6), row("iwae", "vflip", 0.5)], {})
    assert score.worst.dataset == "vflip"


def test_a_score_costs_the_passes_that_it_needs():
    assert seconds_per_1000("iwae", COSTS) == 10
    assert seconds_per_1000("input_complexity", COSTS) == 10.5
    assert seconds_per_1000("likelihood_residual", COSTS) == 2.5
    assert seconds_per_1000("gradient_norm", COSTS) is None
    assert passes_of(["logit", "extra_logit"]) == {"critics"}
    assert passes_of(["gradient_norm."]) == {"gradients"}
    assert passes_of(["likelihood_regret", "background_iwae"]) == {"regret", "background"}


def test_every_fitted_score_has_a_cost():
    names = {SAMPLING, *PASSES}
    for key in FITTED_SCORES:
        assert seconds_per_1000(key, dict.fromkeys(names, 1.0)) >= 1


def test_published_figures_are_those_of_the_training_set_and_the_sets():
    found = {one.method: one for one in published("fashion_mnist", ["mnist", "omniglot"])}
    assert found["WAIC"][:3] == ("WAIC", "WAIC, but Why?", {"mnist": 0.766})
    assert "faces" in found["WAIC"].note
    assert list(published("mnist", ["omniglot"])) == []
    assert all(0 <= auroc <= 1 for one in PUBLISHED for auroc in one.aurocs.values())


def test_a_simple_detector_costs_its_own_pass_alone():
    assert seconds_per_1000("pca_neighbours", {**COSTS, "pca_neighbours": 0.2}) == 0.2
    assert seconds_per_1000("pca_neighbours", COSTS) is None
