"""Experiments, report and matrix, from runs that are made up; running them is for the slow test."""

import csv
import json
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from input_errors import message_of
from repository_sources import ROOT
from run_folder_fixture import change_manifest, write_run
from scripts.reproduce import main
from scripts.reproduction.claims import ARTEFACT, CLAIMS, FAILS, HOLDS, UNKNOWN, answers
from scripts.reproduction.experiments import (
    EXPERIMENTS,
    Finished,
    command_of,
    finished_experiments,
    run_experiments,
)
from scripts.reproduction.figures import detection_rows
from scripts.reproduction.pairs import pair_of, pairs_csv, printed_pairs
from scripts.reproduction.report import report_text
from tools.analysis.run_analysis import ensemble_analysis
from tools.report.text_lines import csv_lines
from tools.scores.detection import AnalysisOptions, DetectionRow
from tools.scores.ranking import ranking


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """Rows of two runs, with flips and noise among the sets."""
    tmp_path, found = tmp_path_factory.mktemp("runs"), []
    for train, noise in (("mnist", False), ("fashion_mnist", True)):
        folder = write_run(tmp_path / train)
        names = {"digits": train, "near": "hflip", "far": "uniform_noise" if noise else "omniglot"}
        for part in ("scores", "pictures"):
            for old, new in names.items():
                (folder.path / part / f"{old}.npz").rename(folder.path / part / f"{new}.npz")
        ood = [names["near"], names["far"]]
        change_manifest(folder, in_distribution=train, out_of_distribution=ood)
        ensemble_analysis(folder.path, ["iwae"], AnalysisOptions())
        found += detection_rows(Finished({}, folder.path / "analysis" / "metrics.csv"))
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
    assert verdict.startswith("Highest worst AUROC, mirrored images not counted: iwae")
    assert trained.split()[2:] == ["mnist", "mnist", "fashion_mnist"]
    assert tested.split()[2:] == ["worst", "s/1000", "hflip", "omniglot", "hflip"]
    assert len(lines) == 6
    by_pair = {pair_of(row): row.auroc for row in rows if row.statistic == "waic"}
    (waic,) = (line.split() for line in lines if line.startswith("iwae waic"))
    pairs = [("mnist", "hflip"), ("mnist", "omniglot"), ("fashion_mnist", "hflip")]
    assert waic[4:] == [f"{by_pair[pair]:.3f}" for pair in pairs]
    worst = min(by_pair["mnist", "omniglot"], by_pair["fashion_mnist", "uniform_noise"])
    assert waic[2:4] == [f"{worst:.3f}", "3.0"]


def test_the_csv_has_all_pairs(rows):
    scores = ranking(rows, {}, column=pair_of)
    (waic,) = (
        row for row in csv.DictReader(pairs_csv(scores).splitlines()) if row["statistic"] == "waic"
    )
    assert {"mnist/omniglot", "fashion_mnist/uniform_noise"} <= waic.keys()


# Experiments


class Calls:
    """Stands in for subprocess.run: notes the commands, and makes a run where one is asked for."""

    def __init__(self, fails=()):
        self.commands, self.fails = [], fails

    def __call__(self, command, **options):
        self.commands.append(command[1:])
        folder = next((part.partition("=")[2] for part in command if "_dir=" in part), "FOLDER")
        printed = f"said so in {folder}\n"
        return subprocess.CompletedProcess(command, 2 * (command[1] in self.fails), printed)


def run(runs, calls, names=("mnist", "classifier"), preset="fast"):
    return run_experiments(names, runs, preset=preset, flags=["--seed=1"], call=calls)


def test_each_command_is_run_once_and_what_it_printed_is_kept(tmp_path):
    calls = Calls()
    first = run(tmp_path, calls)
    script, *flags = calls.commands[0]
    assert script == "vae_wgan/vae_run.py"
    assert {"--train_dataset=mnist", "--preset=fast", "--seed=1"} < set(flags)
    assert calls.commands[1] == ["anomaly/NNclassifier.py", "--seed=1"]
    assert first["classifier"].record["printed"] == "said so in FOLDER\n"
    assert run(tmp_path, calls) == first
    assert len(calls.commands) == 2
    run(tmp_path, calls, preset="smoke")  # other commands
    assert len(calls.commands) == 4


def test_what_failed_is_named_and_run_again(tmp_path):
    calls = Calls(fails=["anomaly/NNclassifier.py"])
    assert "experiment classifier has failed" in message_of(run, tmp_path, calls)
    assert not (tmp_path / "classifier").exists()  # its command may want an empty folder
    run(tmp_path, Calls())
    assert len(calls.commands) == 2


def test_the_seconds_are_those_of_all_starts(tmp_path, monkeypatch):
    clock = iter([0.0, 10.0, 100.0, 103.0, 200.0, 201.0])
    monkeypatch.setattr("scripts.reproduction.experiments.time.perf_counter", lambda: next(clock))
    message_of(run, tmp_path, Calls(fails=["anomaly/NNclassifier.py"]), ["classifier"])
    (found,) = run(tmp_path, Calls(), ["classifier"]).values()
    assert found.record["seconds"] == 13
    (other,) = run(tmp_path, Calls(), ["classifier"], preset="smoke").values()
    assert other.record["seconds"] == 1


def test_the_report_is_of_all_that_has_been_run_by_the_same_commands(tmp_path):
    finished = run(tmp_path, Calls())
    same = {"preset": "fast", "flags": ["--seed=1"]}
    assert finished_experiments(tmp_path, **same) == finished
    assert finished_experiments(tmp_path, **same | {"flags": ["--seed=2"]}) == {}


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_commands_are_those_of_scripts_that_exist(name):
    script, *flags = command_of(name, Path("folder"), "fast", ["--seed=1"])
    assert (ROOT / script).is_file()
    assert "--seed=1" in flags
    if script.startswith("scripts/examples"):
        assert {"--fast", "--output=folder"} < set(flags)
        assert "--fast" not in command_of(name, Path("folder"), "reference", [])


def test_an_unknown_experiment_is_refused(capsys):
    assert main(["--only=mnist,nothing"]) == 2
    assert "no nothing; known are mnist" in capsys.readouterr().err


# Report


def record(**changed):
    circumstances = {"commit": None, "device": "CPU", "machine": "2 cores", "costs": {}}
    made = {"command": ["x.py"], "seconds": 90, "versions": {"numpy": "2"}, "printed": ""}
    return circumstances | made | changed


def row(dataset, auroc, *, score="iwae", statistic="single"):
    counts = {"n_members": 5, "n_in": 9, "n_out": 9}
    metrics = dict.fromkeys(("ap", "ap_in", "fpr95", "fpr99"), 0.5)
    intervals = {"auroc_low": auroc - 0.01, "auroc_high": auroc + 0.01}
    names = {"train_dataset": "x", "dataset": dataset, "score": score, "statistic": statistic}
    return names | counts | metrics | intervals | {"auroc": auroc}


@pytest.fixture
def finished(tmp_path):
    """Finished experiments whose AUROCs a test gives."""

    def make(name, *rows):
        table = tmp_path / f"{name}.csv"
        columns = [field.name for field in fields(DetectionRow) if field.name != "spread"]
        lines = [[row[column] for column in columns] for row in rows]
        table.write_text(csv_lines(columns, lines))
        return Finished(record(), table)

    return make


def verdicts(experiments):
    return {sentence: verdict for sentence, verdict, _ in answers(experiments)}


def test_no_claim_is_judged_without_its_runs():
    assert set(verdicts({}).values()) == {UNKNOWN}
    assert len(verdicts({})) == len(CLAIMS)


def test_claims_are_judged_by_the_runs(finished):
    mnist = [row("notmnist", 1.0), row("fashion_mnist", 0.998)]
    fashion = [row("mnist", 0.4), row("mnist", 0.6, statistic="waic")]
    experiments = {
        "mnist": finished("mnist", *mnist),
        "fashion_mnist": finished("fashion_mnist", *fashion),
        "cifar10": finished("cifar10", row("celeba", 0.5), row("celeba", 0.9, statistic="waic")),
    }
    found = list(verdicts(experiments).values())
    assert found[:5] == [HOLDS, HOLDS, FAILS, UNKNOWN, FAILS]  # there is no SVHN
    assert (
        "fashion_mnist 0.998"
        in dict((line[0], line[2]) for line in answers(experiments))[CLAIMS[0].sentence]
    )


@pytest.mark.parametrize(
    ("trained", "verdict"), [(0.95, HOLDS), (0.89, FAILS), (0.86, ARTEFACT), (0.7, ARTEFACT)]
)
def test_the_variance_of_posterior_means_is_held_to_an_untrained_ensemble(
    trained, verdict, tmp_path
):
    name = "posterior_mean_variance"
    lines = [f"fraud,{name},ensemble,5,{trained}", f"fraud,untrained_{name},ensemble,5,0.86"]
    table = tmp_path / "credit.csv"
    table.write_text("\n".join(["dataset,score,statistic,n_splits,auroc", *lines]))
    (found,) = (line for line in answers({"credit": Finished({}, table)}) if line[1] != UNKNOWN)
    assert found[:2] == (CLAIMS[-1].sentence, verdict)
    assert ("swapped" in found[2]) == (verdict == ARTEFACT)


@pytest.mark.parametrize(("after", "verdict"), [(0.53, HOLDS), (0.515, FAILS), (0.4, FAILS)])
def test_more_training_is_what_helps_where_the_intervals_lie_apart(after, verdict, finished):
    sets = ("notmnist", "fashion_mnist", "uniform_noise")
    rows = [row(name, 0.5, score="logit", statistic="variance") for name in sets]
    rows += [row(name, after, score="extra_logit", statistic="variance") for name in sets]
    found = verdicts({"wgan_mnist": finished("wgan_mnist", *rows)})
    assert found["Training the critics on as classifiers is what makes their variance tell"] == (
        verdict
    )


def test_the_share_of_frauds_is_that_of_the_tested_rows(tmp_path):
    columns = "dataset,score,statistic,n_splits,n_in,n_out,auroc,auroc_sd,ap,ap_sd"
    table = tmp_path / "credit_flow.csv"
    table.write_text(f"{columns}\nfraud,iwae,waic,5,997,3,.9,.1,.8,.1\n")
    text = report_text({"credit_flow": Finished(record(), table)})
    assert "share of frauds tested, here 0.300%" in text


def test_the_report_has_ours_beside_the_published_and_every_command(finished):
    printed = {"printed": "AUROC 0.985\n", "command": ["z.py", "--seed=0"], "machine": "laptop"}
    experiments = {
        "fashion_mnist": finished(
            "fashion_mnist", row("mnist", 0.4), row("mnist", 0.6, statistic="waic")
        ),
        "classifier": Finished(record(**printed), Path()),
        "outlier_vae": Finished(record(commit="abc"), Path()),
    }
    text = report_text(experiments)
    assert "| iwae waic | here | **0.600 [0.590, 0.610]** |" in text
    assert "| iwae single | here | 0.400 [0.390, 0.410] |" in text
    published = [line for line in text.splitlines() if line.startswith("| WAIC")]
    assert any("WAIC, but Why?" in line and "| 0.766 |" in line for line in published)
    assert "| fashion_mnist | `python x.py` | unknown | CPU | 1.5 |" in text
    assert "```text\nAUROC 0.985\n```" in text
    assert "| classifier | `python z.py --seed=0` |" in text
    assert "| outlier_vae | `python x.py` | abc |" in text
    assert "\n- fashion_mnist, outlier_vae: 2 cores, with numpy 2\n" in text
    assert "\n- classifier: laptop, with numpy 2\n" in text
    assert "cifar10" not in text.split("## Claims")[0]


def test_a_report_of_records_runs_nothing_and_needs_no_run_folder(tmp_path, capsys):
    folder = write_run(tmp_path / "mnist")
    ensemble_analysis(folder.path, ["iwae"], AnalysisOptions())
    run_experiments(["mnist"], tmp_path, preset="fast", flags=["--seed=0"], call=Calls())
    kept = tmp_path / "results"
    kept.mkdir()
    for end in ("json", "csv"):
        (tmp_path / f"mnist.{end}").rename(kept / f"mnist.{end}")
    assert main(["report", f"--runs={kept}"]) == 0
    assert f"Report: {kept}.md\n" in capsys.readouterr().out
    text = (tmp_path / "results.md").read_text()
    assert "| mnist | `python vae_wgan/vae_run.py --train_dataset=mnist" in text
    assert "| iwae waic | here | **" in text
    assert str(tmp_path) not in text
    assert {path.name for path in kept.iterdir()} == {"mnist.json", "mnist.csv", "pairs.csv"}
    (tmp_path / "results.md").write_text("my notes")
    assert main(["report", f"--runs={kept}"]) == 2
    assert (tmp_path / "results.md").read_text() == "my notes"


def test_the_committed_report_is_that_of_the_committed_records():
    found = finished_experiments(ROOT / "docs" / "results", preset="fast", flags=["--seed=0"])
    assert found
    assert (ROOT / "docs" / "results.md").read_text("utf-8") == report_text(found)


def test_flags_for_the_commands_reach_all_of_them(tmp_path, monkeypatch):
    given = []
    monkeypatch.setattr(
        "scripts.reproduce.run_experiments", lambda *_, flags, **__: given.extend(flags)
    )
    more = ["--num_models=2", "--max_steps=20"]
    named = [f"--flag={flag}" for flag in more]
    assert main(["pairs", f"--runs={tmp_path}", *named, "--seed=3", "--data_dir=data"]) == 0
    assert given == ["--data_dir=data", "--seed=3", *more]


@pytest.mark.slow
def test_both_directions_from_the_command_line(tmp_path, shared_data):
    script = ROOT / "scripts" / "reproduce.py"
    flags = ["--max_steps=20", "--eval_size=50", "--base_depth=4"]
    command = [
        sys.executable,
        script,
        "pairs",
        "--preset=smoke",
        f"--runs={tmp_path}",
        f"--data_dir={shared_data}",
        *(f"--flag={flag}" for flag in flags),
    ]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "Highest worst AUROC" in result.stdout
    manifest = json.loads((tmp_path / "fashion_mnist" / "manifest.json").read_text())
    assert manifest["status"] == "finished"
