import json

import numpy as np
import pytest

from run_folder_fixture import write_run
from tools.analysis.run_analysis import ensemble_analysis
from tools.analysis.split_table import (
    ends_over_splits,
    metrics_of_splits,
    printed_split_table,
    split_table,
)
from tools.scores.detection import AnalysisOptions


@pytest.fixture
def analyses(tmp_path):
    """Two runs with alerts, analysed: their folders and tables."""
    folders = [
        write_run(tmp_path / name, examples=size).path for name, size in (("a", 40), ("b", 30))
    ]
    for folder in folders:
        manifest = (folder / "manifest.json").read_text()
        (folder / "manifest.json").write_text(manifest.replace("{", '{"anomalies": ["near"],', 1))
    options = AnalysisOptions(10, alerts=[5])
    return folders, [ensemble_analysis(path, ["iwae"], options).table for path in folders]


def test_means_and_spreads_are_those_of_the_runs(analyses):
    folders, tables = analyses
    found = split_table(metrics_of_splits(folders))
    assert len(found) == len(tables[0].rows)
    assert found["n_splits"].unique().tolist() == [2]
    for index, pair in enumerate(zip(*(table.rows for table in tables), strict=True)):
        aurocs = [row.auroc for row in pair]
        assert found["auroc"][index] == pytest.approx(np.mean(aurocs), abs=1e-6)
        assert found["auroc_sd"][index] == pytest.approx(np.std(aurocs, ddof=1), abs=1e-6)
        assert found["n_in"][index] == 35
    recalls = [
        json.loads((path / "analysis" / "metrics.json").read_text())["alerts"][1]["recall"]["5"]
        for path in folders
    ]
    assert found["recall_5"][1] == pytest.approx(
        np.mean([recall["value"] for recall in recalls]), abs=1e-6
    )
    assert found["recall_5"][found["dataset"] == "far"].isna().all()
    assert (found["auroc_low"] < found["auroc"]).all()
    assert (found["recall_5_high"] >= found["recall_5"])[found["dataset"] == "near"].all()
    assert not [name for name in found if name.endswith(("_low_sd", "_high_sd"))]


def test_printed_with_a_line_per_row(analyses):
    folders, _ = analyses
    lines = printed_split_table(split_table(metrics_of_splits(folders))).splitlines()
    assert lines[0].split()[:4] == ["dataset", "score", "statistic", "n_splits"]
    assert len(lines) == 1 + 12


def test_the_interval_of_a_mean_knows_that_splits_share_their_test_rows():
    """Splits err together, by their common rows, and each by itself; t-intervals see the latter."""
    random, splits, runs = np.random.default_rng(0), 5, 2000
    shared, own = 0.02, 0.005
    hits = naive = 0
    for _ in range(runs):
        values = 0.9 + shared * random.normal() + own * random.normal(size=splits)
        low, high = ends_over_splits(values, values - 1.96 * shared, values + 1.96 * shared)
        hits += low <= 0.9 <= high
        width = 2.776 * values.std(ddof=1) / np.sqrt(splits)
        naive += abs(values.mean() - 0.9) <= width
    assert 0.94 < hits / runs < 0.98
    assert naive / runs < 0.4


def test_one_split_keeps_its_own_interval():
    one = [np.array([value]) for value in (0.9, 0.85, 0.92)]
    assert ends_over_splits(*one) == pytest.approx((0.85, 0.92))
