import re
from os.path import normpath
from pathlib import Path

import numpy as np
import pytest

from html_page import Page
from run_folder_fixture import write_run
from tools.analysis.run_analysis import ensemble_analysis
from tools.analysis.split_report import split_report_html
from tools.analysis.split_table import (
    gains_of_splits,
    mean_and_spread,
    metrics_of_splits,
    split_table,
)
from tools.run.run_folder import RunFolder
from tools.scores.detection import AnalysisOptions
from tools.scores.score_files import read_scores, write_scores

SETTINGS = {"score_keys": ["rate", "iwae"], "num_models": 3, "model": "vae", "num_splits": 2}


@pytest.fixture
def folders(tmp_path):
    """Two analysed splits of different sizes; the set `near` are the anomalies."""
    folders = []
    for index, size in enumerate((40, 30)):
        run = write_run(tmp_path / f"split-{index}", examples=size)
        manifest = run.manifest()
        run.update_manifest(
            anomalies=["near"],
            protocol={"protocol": "semi: half of <them>", "training rows": 1000 * size},
            settings=manifest.settings | {"seed": 70 + index},
            datasets=manifest.entries["datasets"] | {"sizes": {"training": 1000 * size}},
        )
        ensemble_analysis(run.path, ["iwae", "rate"], AnalysisOptions(alerts=[5]))
        folders.append(run.path)
    return folders


def text_of(folders):
    metrics = metrics_of_splits(folders)
    return split_report_html(folders, metrics, split_table(metrics), SETTINGS)


def test_cards_show_the_headline_scores_on_the_anomalies(folders):
    page = Page(text_of(folders))
    assert page.text("h3") == ["iwae waic", "iwae mean"]
    table = split_table(metrics_of_splits(folders)).set_index(["dataset", "score", "statistic"])
    for statistic in ("waic", "mean"):
        row = table.loc["near", "iwae", statistic]
        assert mean_and_spread(row, "auroc") in page.text("p")
        assert f"recall at 5 {mean_and_spread(row, 'recall_5')}" in page.visible


def test_each_split_is_linked_with_its_seed_and_protocol(folders):
    page = Page(text_of(folders))
    links = [a["href"] for a in page.all("a") if not a["href"].startswith("#")]
    assert links == [f"../split-{k}/analysis/report.html" for k in (0, 1)]
    for link in links:
        assert Path(normpath(folders[0].parent / "analysis" / link)).exists()
    assert {"70", "71", "40,000", "30,000"} <= set(page.text("td"))
    assert "semi: half of <them>" in page.text("p")


def test_every_row_has_its_mean_and_spread(folders):
    page = Page(text_of(folders))
    table = split_table(metrics_of_splits(folders))
    cells = page.text("td")
    assert all(mean_and_spread(row, "auroc") in cells for _, row in table.iterrows())
    assert [attributes.get("class") for attributes in page.all("table")].count("sortable") == 2


def test_without_labels_there_is_no_table_of_anomalies(folders):
    for folder in folders:
        RunFolder(folder).update_manifest(anomalies=[])
    assert "Anomalies" not in Page(text_of(folders)).text("h2")


def test_the_simple_detector_that_is_best_in_the_mean_stands_beside_the_headline(folders):
    for folder in map(RunFolder, folders):
        for name, shift in {"digits": 0, "near": 9, "far": 9}.items():
            ids = read_scores(folder.scores(name)).ids
            for floor, distance in (("gaussian", shift), ("knn", 0)):
                values = np.random.default_rng(len(name)).normal(distance, 1, (1, len(ids)))
                write_scores(folder.peer_scores(floor, name), {floor: values}, ids, {})
        ensemble_analysis(folder.path, ["iwae", "rate"], AnalysisOptions(draws=20, alerts=[5]))
    gains = gains_of_splits(folders).set_index(["dataset", "floor"])
    assert len(gains) == 4
    row = gains.loc["near", "gaussian"]
    assert row["difference"] == pytest.approx(row["auroc"] - row["floor_auroc"], abs=2e-6)
    assert row["difference_low"] < row["difference"] < row["difference_high"]
    page = Page(text_of(folders))
    assert "What the ensemble adds" in page.text("h2")
    assert page.text("td").count("gaussian") >= 2


def test_nothing_is_loaded_from_elsewhere(folders):
    assert not re.search(r"https?:|//\w|@import|url\(", text_of(folders))


def test_a_fitted_score_alone_is_the_headline(folders):
    for folder in folders:
        ensemble_analysis(folder, ["typicality"], AnalysisOptions())
    metrics = metrics_of_splits(folders)
    settings = SETTINGS | {"score_keys": ["typicality"]}
    page = Page(split_report_html(folders, metrics, split_table(metrics), settings))
    assert page.text("h3") == ["typicality"]
