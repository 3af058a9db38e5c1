"""Scores that fail are left out, and cost the others nothing."""

import numpy as np
import pytest

from run_folder_fixture import change_scores, write_run
from tools.scores.finished_run import read_run
from tools.scores.score_files import read_scores, write_scores
from tools.scores.score_lines import calibration_thresholds, usable_lines
from tools.scores.score_registry import FITTED_SCORES, FittedScore


@pytest.fixture
def folder(tmp_path):
    return write_run(tmp_path)


def add_score(monkeypatch, fit):
    monkeypatch.setitem(FITTED_SCORES, "spoilt", FittedScore("", ("iwae",), fit))


def fails(calibration):
    raise ValueError("Input X contains infinity\nor a value too large")


@pytest.mark.parametrize(
    ("fit", "reason"),
    [
        (fails, "spoilt cannot be fitted: Input X contains infinity or a value too large"),
        (lambda _: lambda of: of["iwae"][0] * np.nan, "spoilt of digits: of 40 scores 40 are NaN"),
    ],
    ids=["no fit", "no number"],
)
def test_a_fitted_score_that_fails_is_left_out_with_its_reason(fit, reason, folder, monkeypatch):
    add_score(monkeypatch, fit)
    run = read_run(folder, ["spoilt", "iwae"])
    lines, left_out = usable_lines(run, ["spoilt", "iwae"], ddof=0)
    assert list(left_out) == ["spoilt"]
    assert left_out["spoilt"].startswith(reason)
    alone, _ = usable_lines(run, ["iwae"], ddof=0)
    assert lines.keys() == alone.keys() == set(run.test_sets)
    for name in alone:
        assert lines[name].keys() == alone[name].keys()


@pytest.mark.parametrize("dataset", ["digits", "calibration", "far"])
def test_one_infinite_value_of_a_member_leaves_out_what_is_computed_from_it(dataset, folder):
    def spoil(scores):
        scores["rate"][1, 3] = np.inf
        return scores

    change_scores(folder, dataset, spoil)
    run = read_run(folder, ["rate", "iwae"])
    lines, left_out = usable_lines(run, ["rate", "iwae"], ddof=0)
    assert left_out["rate"].startswith(f"rate of {dataset}: of 120 scores 0 are NaN and 1 infinite")
    assert {key for key, _ in lines["digits"]} == {"iwae"}


def test_a_detector_with_a_nan_is_left_out(folder):
    for name, value in (("digits", 1.0), ("near", np.nan)):
        ids = read_scores(folder.scores(name)).ids
        scores = {"peer": np.full((1, len(ids)), value)}
        write_scores(folder.peer_scores("peer", name), scores, ids, {})
    run = read_run(folder, ["iwae"])
    assert run.peer_scores == {}
    assert run.left_out["peer"].startswith("peer of near: of 40 scores 40 are NaN")


def test_a_score_that_only_cross_fitting_spoils_has_no_threshold(folder, monkeypatch):
    def fit(calibration):
        count = calibration["iwae"].shape[1]
        return lambda examples: examples["iwae"][0] if count == 40 else fails(calibration)

    add_score(monkeypatch, fit)
    run = read_run(folder, ["spoilt"])
    assert calibration_thresholds(run, [("spoilt", "ensemble")])["spoilt", "ensemble"] == np.inf
