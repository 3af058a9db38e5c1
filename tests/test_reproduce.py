"""The matrix of pairs, from runs that are made up; running them is for the slow test."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from run_folder_fixture import change_manifest, write_run
from scripts.reproduce import main, pair_of, pairs_csv, printed_pairs, read_rows
from tools.analysis import ensemble_analysis
from tools.scores.ranking import ranking


@pytest.fixture
def rows(tmp_path):
    """Rows of two runs, with flips and noise among the sets."""
    found = []
    for train, noise in (("mnist", False), ("fashion_mnist", True)):
        folder = write_run(tmp_path / train)
        names = {"digits": train, "near": "hflip", "far": "uniform_noise" if noise else "omniglot"}
        for part in ("scores", "pictures"):
            for old, new in names.items():
                (folder.path / part / f"{old}.npz").rename(folder.path / part / f"{new}.npz")
        ood = [names["near"], names["far"]]
        change_manifest(folder, in_distribution=train, out_of_distribution=ood)
        ensemble_analysis(folder.path, ["iwae"], 0, None)
        found += read_rows(folder.path)
    return found


def test_rows_are_those_that_the_runs_wrote(rows):
    assert len(rows) == 2 * 2 * 6
    assert {pair_of(row) for row in rows} == {
        ("mnist", "hflip"),
        ("mnist", "omniglot"),
        ("fashion_mnist", "hflip"),
        ("fashion_mnist", "uniform_noise"),
    }


def test_the_matrix_has_a_row_for_each_score_and_a_column_for_each_pair(rows):
    scores = ranking(rows, {"sampling": 3.0}, column=pair_of)
    verdict, trained, tested, *lines = printed_pairs(scores).splitlines()
    assert verdict.startswith("Highest worst AUROC, flips apart: iwae")
    assert trained.split()[2:] == ["mnist", "mnist", "fashion_mnist"]
    assert tested.split()[2:] == ["worst", "s/1000", "hflip", "omniglot", "hflip"]
    assert len(lines) == 6
    by_pair = {pair_of(row): row.auroc for row in rows if row.statistic == "waic"}
    (waic,) = (line.split() for line in lines if line.startswith("iwae waic"))
    pairs = [("mnist", "hflip"), ("mnist", "omniglot"), ("fashion_mnist", "hflip")]
    assert waic[4:] == [f"{by_pair[pair]:.4f}" for pair in pairs]
    worst = min(by_pair["mnist", "omniglot"], by_pair["fashion_mnist", "uniform_noise"])
    assert waic[2:4] == [f"{worst:.4f}", "3.0"]


def test_the_csv_has_all_pairs(rows):
    scores = ranking(rows, {}, column=pair_of)
    (waic,) = (
        row for row in csv.DictReader(pairs_csv(scores).splitlines()) if row["statistic"] == "waic"
    )
    assert {"mnist/omniglot", "fashion_mnist/uniform_noise"} <= waic.keys()


def test_a_run_that_fails_ends_it(tmp_path, capfd):
    flags = [f"--runs={tmp_path}", "--train_datasets=nothing"]
    assert main(["pairs", *flags]) == 2
    assert "the run on nothing has failed" in capfd.readouterr().err


@pytest.mark.slow
def test_both_directions_from_the_command_line(tmp_path):
    script = Path(__file__).parents[1] / "scripts" / "reproduce.py"
    flags = ["--preset=smoke", "--max_steps=20", "--eval_size=50", "--base_depth=4"]
    command = [sys.executable, script, "pairs", f"--runs={tmp_path}", "--", *flags]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "Highest worst AUROC" in result.stdout
    manifest = json.loads((tmp_path / "fashion_mnist" / "manifest.json").read_text())
    assert manifest["status"] == "finished"
