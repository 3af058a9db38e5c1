import dataclasses

import numpy as np
import pytest

from run_folder_fixture import change_scores, table_of, write_run
from tools.analysis.sections.flagged import flag_rules, section
from tools.errors import InputError
from tools.scores.conformal import cross_fitted_scores
from tools.scores.finished_run import read_run
from tools.scores.score_files import read_scores
from tools.scores.score_lines import calibration_thresholds
from tools.scores.score_registry import FITTED_SCORES


@pytest.fixture
def folder(tmp_path):
    return write_run(tmp_path)


def values(folder, dataset, key):
    return read_scores(folder.scores(dataset)).scores[key].astype(float)


def test_flagged_counts(folder):
    headlines = [("typicality", "ensemble"), ("iwae", "waic")]
    run = read_run(folder, ["iwae", "typicality"])
    table = table_of(folder, keys=("iwae", "typicality"), elbo_threshold=115.0)
    table = dataclasses.replace(table, thresholds=calibration_thresholds(run, headlines))
    by_hand, typicality, waic, elbo = flag_rules(table)
    negative_elbo = {n: -values(folder, n, "elbo").mean(axis=0) for n in ("digits", "near", "far")}
    assert by_hand.flagged == {name: (e > 115).sum() for name, e in negative_elbo.items()}
    assert 0 < by_hand.flagged["digits"] < by_hand.flagged["near"] < by_hand.flagged["far"] == 40
    calibration = np.sort(-values(folder, "calibration", "elbo").mean(axis=0))
    assert elbo.threshold == pytest.approx(calibration[38])  # p = 2 / 41 above it
    assert elbo.flagged == {n: (e > elbo.threshold).sum() for n, e in negative_elbo.items()}
    assert (waic.score, waic.statistic) == ("iwae", "waic")
    assert (typicality.score, typicality.statistic) == ("typicality", "ensemble")
    assert typicality.source == waic.source == elbo.source == "calibration"
    assert waic.total == dict.fromkeys(elbo.total, 40)
    iwae = {name: values(folder, name, "iwae") for name in ("calibration", "far")}
    distance = {
        name: abs(part - iwae["calibration"].mean(axis=1, keepdims=True)).mean(axis=0)
        for name, part in iwae.items()
    }
    fit = FITTED_SCORES["typicality"].fit
    fitted = cross_fitted_scores(fit, {"iwae": iwae["calibration"].astype(float)}, seed=0)
    assert typicality.threshold == pytest.approx(np.sort(fitted)[38])
    assert typicality.flagged["far"] == (distance["far"] > typicality.threshold).sum()


def test_threshold_for_the_elbo_needs_the_elbo(folder):
    for name in ("digits", "calibration", "near", "far"):
        change_scores(folder, name, lambda scores: {"iwae": scores["iwae"]})
    with pytest.raises(InputError, match="--elbo_threshold"):
        section(table_of(folder, keys=["iwae"], elbo_threshold=110.0))
    rules = flag_rules(table_of(folder, keys=["iwae"]))
    assert [(rule.score, rule.statistic) for rule in rules] == [("iwae", "waic"), ("iwae", "mean")]


def test_the_report_has_a_column_per_threshold(folder):
    table = table_of(folder, elbo_threshold=110.0)
    (shown,) = section(table).blocks
    rules = list(flag_rules(table))
    assert [head.text for head in shown.heads[2:4]] == [
        "elbo mean > 110",
        f"iwae waic > {rules[1].threshold:.5g}",
    ]
    notes = [head.note for head in shown.heads[2:]]
    assert notes == ["elbo_threshold", *3 * ["at most 5 % false alarms, by the calibration split"]]
    n = rules[1].flagged["near"]
    assert shown.rows[1][:2] == ["near", "40"]
    assert shown.rows[1][3] == f"{n} ({100 * n / 40:.1f} %)"


def test_without_elbo_the_scores_that_were_named_have_thresholds(folder):
    for name in ("digits", "calibration", "near", "far"):
        change_scores(folder, name, lambda scores: {"rate": scores["rate"]})
    (shown,) = section(table_of(folder, keys=("rate",))).blocks
    assert [head.text.partition(" >")[0] for head in shown.heads[2:]] == ["rate waic", "rate mean"]


def test_too_few_calibration_examples_give_no_threshold(folder):
    table = table_of(folder)
    few = dataclasses.replace(table, thresholds=dict.fromkeys(table.thresholds, np.inf))
    found = section(few)
    assert found.entries == {"flagged": []}
    assert "from 19 calibration examples on" in found.blocks[0].words
