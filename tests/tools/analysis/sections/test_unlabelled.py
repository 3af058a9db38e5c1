"""A run without out-of-distribution sets shows its most anomalous rows."""

import json

import numpy as np
import pandas as pd
import pytest

from run_folder_fixture import change_manifest, write_run
from tools.analysis.run_analysis import ensemble_analysis
from tools.analysis.sections.unlabelled import flagged_counts, most_anomalous
from tools.scores.conformal import p_values
from tools.scores.detection import AnalysisOptions
from tools.scores.score_files import read_scores


@pytest.fixture
def folder(tmp_path):
    folder = write_run(tmp_path / "run")
    change_manifest(folder, out_of_distribution=[], missing={})
    return folder


def test_the_report_has_rows_and_counts_and_no_auroc(folder):
    analysis = ensemble_analysis(folder.path, ("iwae", "rate"), AnalysisOptions(20))
    written = pd.read_csv(folder.path / "analysis" / "most_anomalous.csv")
    assert list(written) == ["row", "score", "p_value"]
    assert set(written["row"]) == set(read_scores(folder.scores("digits")).ids)
    assert written["score"].is_monotonic_decreasing
    page = analysis.report.read_text("utf-8")
    assert "AUROC" not in page
    assert f"{written['row'][0]:,}" in page
    assert "The most anomalous rows" in analysis.text
    content = json.loads((folder.path / "analysis" / "metrics.json").read_text("utf-8"))
    assert content["flagged_rows"][-1]["flagged"] == (written["p_value"] <= 0.1).sum()


def test_counts_are_those_of_p_values_where_calibration_rows_suffice():
    scores, calibration = np.array([1.0, 5.0, 9.0]), np.arange(60) / 10
    found = p_values(scores, calibration)
    counts = {count.rate: count.flagged for count in flagged_counts(found, 60)}
    assert counts == {0.001: None, 0.01: None, 0.02: 1, 0.05: 1, 0.1: 1}
    assert [row.row for row in most_anomalous(np.array([4, 2, 7]), scores, found, 2)] == [7, 2]
