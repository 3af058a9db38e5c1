"""Recall and precision at alerts, in rows, in print, in the report and as a file."""

import csv
import io
import json

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from run_folder_fixture import table_of, write_run
from tools.analysis.run_analysis import analyse_again, ensemble_analysis
from tools.analysis.sections import alerts
from tools.analysis.sections.alerts import alert_cells, alert_columns, alert_rows, alerts_csv
from tools.scores.detection import AnalysisOptions
from tools.scores.ensemble_statistics import STATISTICS, anomaly_scores
from tools.scores.finished_run import read_run
from tools.scores.score_files import write_scores
from tools.scores.score_lines import peer_lines, peer_pairs, score_lines

PEER_IN, PEER_OUT = np.arange(50.0), np.arange(30.0, 60)


@pytest.fixture
def folder(tmp_path):
    """A run whose set `near` is labelled anomalies, with a detector that has rows of its own."""
    folder = write_run(tmp_path)
    folder.update_manifest(anomalies=["near"], protocol={"protocol": "semi", "training rows": 7})
    for name, scores in (("digits", PEER_IN), ("near", PEER_OUT)):
        path = folder.peer_scores("peer", name)
        write_scores(path, {"peer": scores[np.newaxis]}, np.arange(len(scores)), {})
    return folder


def rows_of(folder, counts=(10, 40), draws=40):
    run = read_run(folder, ["iwae"])
    lines = {name: score_lines(run, name, ["iwae"], ddof=0) for name in run.test_sets}
    return run, list(alert_rows(run, lines, counts, draws=draws, seed=0))


def slow_recall(scores_in, scores_out, alerts):
    """Counts hits among the highest scores, which have no ties here."""
    order = np.argsort(-np.concatenate([scores_in, scores_out]))[:alerts]
    return (order >= len(scores_in)).mean() * alerts / len(scores_out)


def test_rows_are_those_of_labelled_anomalies_only(folder):
    _, rows = rows_of(folder)
    assert [row.dataset for row in rows] == ["near"] * (len(STATISTICS) + 1)
    assert [row.statistic for row in rows] == [*STATISTICS, "ensemble"]
    assert rows_of(folder, counts=())[1] == []
    folder.update_manifest(anomalies=[])
    assert rows_of(folder)[1] == []


def test_estimates_equal_slow_counts(folder):
    run, rows = rows_of(folder)
    scores = [
        anomaly_scores("iwae", run.scores[name].scores["iwae"]) for name in ("digits", "near")
    ]
    is_ood = np.repeat([0, 1], 40)
    for row in rows[:-1]:
        inside, outside = (np.atleast_2d(part[row.statistic]) for part in scores)
        pairs = list(zip(inside, outside, strict=True))
        expected = [average_precision_score(is_ood, np.concatenate(pair)) for pair in pairs]
        assert row.ap.value == pytest.approx(np.mean(expected))
        for count in (10, 40):
            recall = np.mean([slow_recall(*pair, count) for pair in pairs])
            assert row.recall[count].value == pytest.approx(recall)
            assert row.precision(count) == pytest.approx(recall * 40 / count)


def test_intervals_hold_their_estimates_and_need_draws(folder):
    for row in rows_of(folder)[1]:
        for estimate in (row.ap, *row.recall.values()):
            assert estimate.low <= estimate.value <= estimate.high
    assert {row.ap.low for row in rows_of(folder, draws=0)[1]} == {None}


def test_a_detector_counts_on_its_own_rows(folder):
    run, rows = rows_of(folder)
    assert list(peer_pairs(run)) == [("peer", "near")]
    assert (rows[-1].score, rows[-1].n_in, rows[-1].n_out) == ("peer", 50, 30)
    lines = peer_lines(run.peer_scores["peer"]["near"])
    np.testing.assert_array_equal(lines["peer", "ensemble"], PEER_OUT[np.newaxis])
    assert score_lines(run, "near", ["iwae"], 0)["iwae", "single"].shape == (3, 40)


def test_more_alerts_than_examples_are_all_of_them(folder):
    row = rows_of(folder, counts=(1000,))[1][-1]
    assert row.recall[1000].value == 1
    assert row.precision(1000) == pytest.approx(30 / 80)


def test_the_file_has_a_column_per_metric(folder):
    _, rows = rows_of(folder)
    lines = list(csv.DictReader(io.StringIO(alerts_csv(rows))))
    assert len(lines) == len(rows)
    assert list(lines[0])[-8:] == [
        "recall_10", "recall_10_low", "recall_10_high", "precision_10",
        "recall_40", "recall_40_low", "recall_40_high", "precision_40",
    ]  # fmt: skip
    assert float(lines[-1]["precision_10"]) == pytest.approx(rows[-1].precision(10))
    assert len(alert_columns(rows)) == len(alert_cells(rows[0])) == 5


def test_an_analysis_shows_alerts_and_peers_everywhere(folder):
    analysis = ensemble_analysis(folder.path, ["iwae"], AnalysisOptions(20, alerts=[10]))
    assert "peer" in analysis.text
    assert "recall at 10" in analysis.text
    page = analysis.report.read_text()
    assert 'id="alerts"' in page
    assert "training rows" in page
    saved = json.loads((folder.path / "analysis" / "metrics.json").read_text())
    assert saved["rows"][-1]["statistic"] == "ensemble"
    assert saved["rows"][-1]["n_in"] == 50
    assert len(saved["alerts"]) == len(STATISTICS) + 1


def test_the_section_has_a_row_per_score_that_a_click_sorts(folder):
    table = table_of(folder, keys=["iwae"], alerts=[1000])
    found = alerts.section(table)
    (shown,) = found.blocks
    assert shown.is_sortable
    assert "recall at 1,000 [low, high]" in shown.heads
    assert len(shown.rows) == len(found.entries["alerts"]) == len(STATISTICS) + 1
    none = alerts.section(table_of(folder, keys=["iwae"]))
    assert (none.blocks, none.files, none.entries) == ((), {"alerts.csv": ""}, {"alerts": []})


def test_a_later_analysis_takes_the_alerts_of_the_run(folder):
    settings = folder.manifest().settings
    folder.update_manifest(settings=settings | {"alerts": ["5"]})
    assert "recall at 5 " in analyse_again(folder).text
