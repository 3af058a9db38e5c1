"""What the report of a run with labelled anomalies shows."""

import dataclasses

import pytest

from html_page import Page
from run_folder_fixture import write_run
from tools.report.labelled import (
    alerts_section,
    anomaly_verdict,
    protocol_section,
    protocol_text,
)
from tools.scores.detection import AnalysisOptions, detection_table
from tools.scores.finished_run import read_run


@pytest.fixture
def table(tmp_path):
    """Of a run whose set `near` are labelled anomalies."""
    folder = write_run(tmp_path)
    folder.update_manifest(anomalies=["near"])
    options = AnalysisOptions(draws=20, alerts=[5, 1000])
    return detection_table(read_run(folder, ["iwae"]), ["iwae"], options)


def row_of(table, statistic):
    return next(r for r in table.rows if (r.dataset, r.statistic) == ("near", statistic))


def test_cards_tell_of_the_anomalies_alone(table):
    page = Page(anomaly_verdict(table))
    assert page.text("h3") == ["iwae waic", "iwae mean"]
    for statistic in ("waic", "mean"):
        row = row_of(table, statistic)
        assert f"{row.auroc:.4f}" in page.text("p")
        assert f"AUROC on near [{row.auroc_low:.4f}, {row.auroc_high:.4f}]" in page.visible
        assert f"average precision {row.ap:.4f}" in page.visible
    assert page.visible.count("100.0% of the 40 found by 1,000 alerts") == 2


def test_the_best_score_is_one_of_the_same_rows(table):
    row = row_of(table, "variance")
    own_split = dataclasses.replace(row, score="nn", statistic="ensemble", n_in=7, auroc=1.0)
    best = dataclasses.replace(row, score="peer", statistic="ensemble", auroc=0.999, ap=0.123)
    table = dataclasses.replace(table, rows=(*table.rows, own_split, best))
    assert "peer, 0.9990, with the average precision 0.1230" in Page(anomaly_verdict(table)).visible


def test_alerts_have_a_row_per_score(table):
    page = Page(alerts_section(table.alert_rows))
    assert len(page.all("tr")) == 1 + len(table.alert_rows)
    assert "recall at 1,000 [low, high]" in page.text("button")


def test_protocol_counts_have_commas():
    assert [protocol_text(value) for value in (127941, "semi", "0.3 %")] == [
        "127,941", "semi", "0.3 %"
    ]  # fmt: skip
    page = Page(protocol_section({"training rows": 127941}))
    assert page.text("code") == ["127,941"]
