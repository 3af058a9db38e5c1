"""The whole command on a table of 2,000 rows, and on a cut of the real one where it is there."""

import copy
import csv
import json
import shutil
import sys

import numpy as np
import pandas as pd
import pytest

from anomaly import EnsembleDetector
from finished_runs import FinishedRun
from program import call
from repository_sources import ROOT
from tiny_run import made_up_table, tiny_flow_command
from tiny_run import tiny_table_command as command
from tools.run.run_folder import CALIBRATION, RunFolder
from tools.scores.ensemble_statistics import anomaly_scores
from tools.scores.score_files import read_scores
from tools.scores.score_registry import FITTED_SCORES

SCRIPT = ROOT / "vae_wgan" / "anomaly_run.py"


def metrics(run):
    with open(run / "analysis" / "metrics.csv", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def finished(tiny_run, tmp_path_factory):
    """The tiny run of VAEs on a table, started again for scores of other detectors."""
    folder = tmp_path_factory.mktemp("table") / "copy"
    shutil.copytree(tiny_run("table_vae").folder, folder)
    result = call(command(folder, "--baselines=gaussian,isolation_forest"))
    assert result.returncode == 0, result.stderr
    return FinishedRun(folder, result.stdout)


def test_a_run_leaves_scores_tables_and_report(finished):
    folder, printed = finished
    run = folder / "run"
    rows = metrics(run)
    assert {row["dataset"] for row in rows} == {"anomalies", "uniform_noise", "normal_noise"}
    ensemble = {row["score"] for row in rows if row["statistic"] == "ensemble"}
    variance = "posterior_mean_variance"
    peers = {"gaussian", "isolation_forest", "simple"}
    fitted = {"combined", "mean_and_variance"}
    assert ensemble == fitted | {variance, f"untrained_{variance}"} | peers
    aurocs = {
        (row["score"], row["statistic"]): float(row["auroc"])
        for row in rows
        if row["dataset"] == "anomalies"
    }
    assert aurocs["iwae", "mean"] > 0.95
    assert aurocs["gaussian", "ensemble"] > 0.95
    assert aurocs["combined", "ensemble"] > 0.95
    assert len(pd.read_csv(run / "analysis" / "alerts.csv")) == 6 * 2 + 7
    assert (run / "analysis" / "report.html").read_text().count("test rows that are anomalies") == 1
    assert not (run / "pictures").exists()
    # The preview comes before training, the tables after it.
    assert printed.index("hour of the day") < printed.index("recall at 40")


def test_untrained_members_are_not_the_trained_ones(finished):
    path = finished.folder / "run" / "ensemble_scores" / "posterior_mean_variance" / "anomalies.npz"
    scores = read_scores(path).scores
    members = read_scores(finished.folder / "run" / "scores" / "anomalies.npz").scores
    expected = members["posterior_mean"].var(axis=0)
    np.testing.assert_allclose(scores["posterior_mean_variance"][0], expected, rtol=1e-5)
    assert np.all(scores["untrained_posterior_mean_variance"][0] != expected)


def test_the_manifest_says_protocol_and_encoder(finished):
    manifest = json.loads((finished.folder / "run" / "manifest.json").read_text())
    assert manifest["status"] == "finished"
    assert manifest["protocol"]["training rows"] == 882
    assert manifest["anomalies"] == ["anomalies"]
    assert manifest["costs"]["sampling"] > 0
    assert manifest["encoder"]["needed"] == ["Time", "a", "b", "amount", "shop"]


def test_started_again_it_scores_nothing_anew_and_gives_the_same_bytes(copied):
    before = (copied / "run" / "analysis" / "metrics.csv").read_bytes()
    result = call([sys.executable, str(SCRIPT), f"--model_dir={copied / 'run'}", "--skip_train"])
    assert result.returncode == 0, result.stderr
    assert result.stderr.count("scores are up to date") == 5 + 1 + 2
    assert (copied / "run" / "analysis" / "metrics.csv").read_bytes() == before


def test_new_rows_are_scored_with_p_values_and_flags(finished, tmp_path):
    folder = finished.folder
    new = made_up_table().drop(columns="Class")
    new.to_csv(tmp_path / "new.csv", index=False)
    flags = [f"--model_dir={folder / 'run'}", "--skip_train", "--target_fpr=0.05"]
    files = [f"--score_file={tmp_path / 'new.csv'}", f"--output={tmp_path / 'scores.csv'}"]
    result = call([sys.executable, str(SCRIPT), *flags, *files])
    assert result.returncode == 0, result.stderr
    scores = pd.read_csv(tmp_path / "scores.csv")
    assert list(scores) == ["row", "score", "p_value", "flagged", "reason", "problem"]
    assert scores["row"].tolist() == list(range(2000))
    assert ((scores["p_value"] > 0) & (scores["p_value"] <= 1)).all()
    assert (scores["flagged"] == (scores["p_value"] <= 0.05)).all()
    is_normal = made_up_table()["Class"] == "good"
    assert scores["flagged"][~is_normal].mean() > 3 * scores["flagged"][is_normal].mean()
    assert scores["flagged"][is_normal].mean() < 0.15

    fitted = call([sys.executable, str(SCRIPT), *flags, *files, "--score_keys=mean_and_variance"])
    assert fitted.returncode == 0, fitted.stderr
    assert (pd.read_csv(tmp_path / "scores.csv")["score"] != scores["score"]).all()
    refused = call([sys.executable, str(SCRIPT), *flags, *files, "--n_samples=3"])
    assert refused.returncode == 2
    assert "calibration.npz was made with other n_samples" in refused.stderr.splitlines()[-1]

    new.rename(columns={"amount": "sum"}).to_csv(tmp_path / "new.csv", index=False)
    refused = call([sys.executable, str(SCRIPT), *flags, *files])
    assert refused.returncode == 2
    message = refused.stderr.splitlines()[-1]
    assert "the table lacks amount" in message


def test_baselines_of_an_earlier_start_are_none_of_this_one(copied):
    result = call(command(copied, "--eval_size=100", "--baselines=knn"))
    assert result.returncode == 0, result.stderr
    assert not {"gaussian", "isolation_forest"} & {row["score"] for row in metrics(copied / "run")}


def test_a_detector_opens_the_run_and_gives_its_scores(finished):
    run = finished.folder / "run"
    of_the_run = read_scores(run / "scores" / "anomalies.npz")
    expected = anomaly_scores("rate", of_the_run.scores["rate"])["variance"]
    rows = made_up_table().iloc[of_the_run.ids]
    for table in (rows, rows.drop(columns="Class")):
        found = EnsembleDetector(run, "rate.variance").score(table)
        np.testing.assert_allclose(found, expected, rtol=1e-3)


def test_the_headline_of_rows_is_the_same_in_the_run_a_detector_and_its_copy(finished):
    run = RunFolder(finished.folder / "run")

    def quantities(name):
        return read_scores(run.scores(name)).scores | read_scores(run.inputs(name)).scores

    expected = FITTED_SCORES["combined"].compute(quantities("anomalies"), quantities(CALIBRATION))
    rows = made_up_table().iloc[read_scores(run.scores("anomalies")).ids]
    detector = EnsembleDetector(run.path, "combined")
    found = detector.score(rows)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(copy.deepcopy(detector).score(rows), found, rtol=1e-6)


def test_splits_have_runs_of_their_own_and_a_table_of_means(tmp_path):
    made_up_table(rows=300, anomalies=20).to_csv(tmp_path / "own.csv", index=False)
    result = call(tiny_flow_command(tmp_path, "--num_splits=2", "--max_steps=5"))
    assert result.returncode == 0, result.stderr
    table = pd.read_csv(tmp_path / "run" / "analysis" / "splits.csv")
    aurocs = [float(metrics(tmp_path / "run" / f"split-{k}")[0]["auroc"]) for k in (0, 1)]
    assert table["auroc"][0] == pytest.approx(np.mean(aurocs), abs=1e-6)
    assert table["auroc_sd"][0] == pytest.approx(np.std(aurocs, ddof=1), abs=1e-6)
    assert "Means over 2 splits" in result.stdout
    report = (tmp_path / "run" / "analysis" / "report.html").read_text()
    assert 'href="../split-1/analysis/report.html"' in report
    assert "Which rows" not in report  # the protocol's counts stand in a column per split
    assert report.count("test rows that are anomalies") == 1
    again = [sys.executable, str(SCRIPT), f"--model_dir={tmp_path / 'run'}", "--skip_train"]
    result = call([*again, "--num_splits=2"])  # the flows' own scores, not those of VAEs
    assert result.returncode == 0, result.stderr
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "run" / "analysis" / "splits.csv"), table)


def test_a_cut_of_the_real_table(shared_data, tmp_path):
    source = shared_data / "creditcard" / "creditcard.csv.gz"
    if not source.exists():
        pytest.skip(f"no {source}")
    frame = pd.read_csv(source)
    rows = np.random.default_rng(0).choice(len(frame), 20_000, replace=False)
    rows = np.union1d(rows, np.flatnonzero(frame["Class"]))
    frame.iloc[rows].to_csv(tmp_path / "own.csv", index=False)
    flags = ("--normal_label=0", "--max_steps=300", "--baselines=gaussian", "--compile=True")
    result = call(command(tmp_path, *flags))
    assert result.returncode == 0, result.stderr
    aurocs = {
        (row["dataset"], row["score"], row["statistic"]): float(row["auroc"])
        for row in metrics(tmp_path / "run")
    }
    assert aurocs["anomalies", "gaussian", "ensemble"] > 0.94
    assert aurocs["anomalies", "iwae", "mean"] > 0.9
