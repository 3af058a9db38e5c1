import csv
import re

import numpy as np
import pytest

from anomaly.NNclassifier import ClassifierSettings
from anomaly.supervised import supervised_experiment
from anomaly.supervised.credit_card import LabelledParts, LabelledRows
from anomaly.supervised.supervised_experiment import run
from input_errors import message_of
from run_folder_fixture import MEAN_IWAE, write_run
from tools.scores.score_files import read_scores

SETTINGS = {"max_epochs": 3, "base_depth": 4, "batch_size": 64}


def labelled_rows(count, seed):
    rng = np.random.default_rng(seed)
    is_fraud = (np.arange(count) % 10 == 0).astype(np.float32)
    features = rng.normal(size=(count, 3)).astype(np.float32) + 4 * is_fraud[:, np.newaxis]
    return LabelledRows(features, is_fraud, np.arange(count) + 1000 * seed)


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    parts = LabelledParts(*(labelled_rows(300, seed) for seed in range(3)))
    monkeypatch.setattr(supervised_experiment, "load_credit_card", lambda folder, seed: parts)
    return parts


def test_the_result_is_printed_with_its_counts(capsys):
    run(ClassifierSettings(**SETTINGS))
    line = capsys.readouterr().out
    (auroc,) = re.findall(r"tested on 270 genuine rows and 30 frauds: AUROC ([01]\.\d{4}) \[", line)
    assert float(auroc) > 0.9
    assert line.count("\n") == 1


def test_the_row_joins_the_report_of_a_run(tmp_path, monkeypatch, capsys, small_parts):
    folder = write_run(tmp_path)
    as_credit_card(folder)
    folder.update_manifest(peers=["gaussian"])
    run(ClassifierSettings(**SETTINGS, model_dir=str(tmp_path)))
    assert "Report: " in capsys.readouterr().out
    saved = read_scores(folder.peer_scores("nn_classifier", "fraud"))
    np.testing.assert_array_equal(saved.ids, np.arange(2000, 2300, 10))
    with (tmp_path / "analysis" / "metrics.csv").open(newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["score"] == "nn_classifier"]
    assert [(row["dataset"], row["statistic"]) for row in rows] == [("fraud", "ensemble")]
    assert (rows[0]["n_in"], rows[0]["n_out"]) == ("270", "30")
    assert float(rows[0]["auroc"]) > 0.9
    assert folder.manifest().peers == ("gaussian", "nn_classifier")


def test_a_run_on_another_table_is_refused_before_anything_is_read(tmp_path, monkeypatch):
    write_run(tmp_path)
    monkeypatch.setattr(supervised_experiment, "load_credit_card", None)
    message = message_of(run, ClassifierSettings(model_dir=str(tmp_path)))
    assert "a run on digits" in message


def test_a_folder_in_use_is_refused_before_anything_is_read(tmp_path, monkeypatch):
    folder = write_run(tmp_path)
    as_credit_card(folder)
    monkeypatch.setattr(supervised_experiment, "load_credit_card", None)
    with folder.locked():
        assert "in use" in message_of(run, ClassifierSettings(model_dir=str(tmp_path)))


def as_credit_card(folder):
    """Renames the sets of the made-up run: digits are genuine, what lies far is fraud."""
    names = {name: name for name in MEAN_IWAE} | {"digits": "creditcard", "far": "fraud"}
    for old, new in names.items():
        folder.scores(old).rename(folder.scores(new))
        if folder.pictures(old).exists():
            folder.pictures(old).rename(folder.pictures(new))
    datasets = folder.manifest().entries["datasets"]
    folder.update_manifest(
        datasets=datasets
        | {
            "in_distribution": "creditcard",
            "out_of_distribution": ["near", "fraud"],
            "checksums": {names[name]: value for name, value in datasets["checksums"].items()},
        }
    )
