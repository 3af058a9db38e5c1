from tools.report.score_words import interval_text, score_name, seconds_text, tinted, verdict_line
from tools.scores.detection import DetectionRow
from tools.scores.ranking import ranking


def row(auroc, dataset="near", low=None, high=None):
    metrics = dict.fromkeys(("ap", "ap_in", "fpr95", "fpr99"), 0.5)
    return DetectionRow(
        "mnist", dataset, "dose", "ensemble", 5, 9, 9, auroc, low, high, **metrics, spread=None
    )


def test_the_statistic_of_a_score_that_has_only_one_is_left_out():
    assert score_name("dose", "ensemble") == "dose"
    assert score_name("iwae", "waic") == "iwae waic"


def test_intervals_and_costs_may_be_missing():
    assert interval_text(row(0.5)) == ""
    assert interval_text(row(0.5, low=0.25, high=0.75)) == "[0.250, 0.750]"
    sampled, unmeasured = (ranking([row(0.5)], costs)[0] for costs in ({"sampling": 3.14}, {}))
    assert (seconds_text(sampled), seconds_text(unmeasured)) == ("3.1", "")


def test_the_verdict_is_a_line():
    scores = ranking([row(0.75), row(0.5, "far")], {})
    assert (
        verdict_line(scores)
        == "Highest worst AUROC, mirrored images not counted: dose, 0.500 on far"
    )


def test_colours_tell_the_side_and_the_distance_from_chance():
    above, below, chance = (tinted(row(auroc)).tint for auroc in (0.9, 0.1, 0.5))
    assert "11 95 165" in above
    assert "213 94 0" in below
    assert chance.endswith("/ 0.000)")
