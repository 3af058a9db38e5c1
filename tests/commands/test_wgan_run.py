"""The whole command through a shell's eyes; what it shares with `vae_run.py` is tested there."""

import csv
import json
import shutil
import signal
import sys

import numpy as np
import pytest

from processor_time import seconds_of_programs
from program import call, call_from_scratch, kill_when
from repository_sources import ROOT
from tiny_run import assert_refused, bytes_by_path, tiny_wgan_command, write_data
from tools.scores.floors import IMAGE_FLOOR_WORDS
from tools.scores.score_files import read_scores

SCRIPT = ROOT / "vae_wgan" / "wgan_run.py"
SAME = r"checkpoint-0*7\.npz|scores/.*\.npz|samples\.npz|metrics\.csv"


@pytest.fixture(scope="module")
def finished(tiny_run):
    return tiny_run("wgan")


def saved_bytes(folder):
    """Of the files that must not differ between equal runs."""
    return bytes_by_path(folder / "run", SAME)


def metrics(folder):
    with open(folder / "run" / "analysis" / "metrics.csv", newline="") as file:
        return list(csv.DictReader(file))


def test_a_run_leaves_members_scores_samples_tables_plots_and_report(finished):
    folder, printed = finished
    run = folder / "run"
    for member in "01":
        assert list((run / member / "events").iterdir())
        lines = (run / member / "history.jsonl").read_text().splitlines()
        assert [json.loads(line)["step"] for line in lines] == [3, 6, 7]
        assert {"critic_loss", "gradient_penalty", "extra_loss"} <= json.loads(lines[0]).keys()
        with np.load(run / member / "samples.npz") as samples:
            assert samples["images"].shape == (64, 28, 28, 1)
    plots = {path.stem for path in (run / "analysis").glob("*.png")}
    assert {"samples", "extremes_bars", "roc_extra_logit_variance", "training_history"} <= plots
    assert "Images that the members have generated" in (run / "analysis/report.html").read_text()
    assert "extra_logit variance" in printed
    assert "\nlogit variance" in printed
    assert "\ncritic_distance" in printed
    assert json.loads((run / "manifest.json").read_text())["costs"]["critics"] > 0


def test_both_critics_have_every_statistic_on_every_set(finished):
    rows = metrics(finished.folder)
    of_members = {"extra_logit", "logit", "critic_distance"}
    assert {row["score"] for row in rows} == of_members | IMAGE_FLOOR_WORDS.keys()
    assert {row["dataset"] for row in rows} == {"columns", "hflip", "uniform_noise"}
    assert {row["statistic"] for row in rows} >= {"single", "mean", "variance", "waic"}


def test_score_files_hold_different_logits_of_every_member(finished):
    scores = read_scores(finished.folder / "run" / "scores" / "columns.npz").scores
    assert scores.keys() == {"extra_logit", "logit"}
    assert all(values.shape == (2, 20) for values in scores.values())
    lines = [*scores["logit"], *scores["extra_logit"]]
    assert len({line.tobytes() for line in lines}) == 4


def test_skip_train_repeats_the_same_numbers_without_other_flags(copied):
    before = saved_bytes(copied)
    assert len(before) == 2 + 2 + 5 + 1 + 6 * 4  # with six simple detectors of four sets
    for path in copied.glob("run/scores/*"):
        path.unlink()
    (copied / "run" / "0" / "samples.npz").unlink()
    shutil.rmtree(copied / "run" / "analysis")
    command = [sys.executable, str(SCRIPT), f"--model_dir={copied / 'run'}", "--skip_train=True"]
    result = call(command)
    assert result.returncode == 0, result.stderr
    assert saved_bytes(copied) == before


def test_a_run_terminated_between_its_phases_goes_on_to_the_same_bytes(finished, tmp_path):
    write_data(tmp_path)
    command = tiny_wgan_command(tmp_path)
    saved = tmp_path / "run" / "1" / "checkpoint-00000003.npz"
    assert kill_when(command, saved.exists, signal.SIGTERM) == 143
    status = call([*command, "--status"])
    assert "stopped at: training; the same command goes on" in status.stdout
    assert "member 0: finished, step 7 of 7" in status.stdout
    assert not (tmp_path / "run" / "analysis").exists()
    result = call(command)
    assert result.returncode == 0, result.stderr
    assert saved_bytes(tmp_path) == saved_bytes(finished.folder)


def test_members_of_another_z_dim_or_of_fewer_steps_are_refused(copied):
    before = saved_bytes(copied)
    refused = call(tiny_wgan_command(copied, "--z_dim=5"))
    assert_refused(refused, "--model_dir", "z_dim is 4 there, 5 here")
    last = copied / "run" / "1" / "checkpoint-00000007.npz"
    content = last.read_bytes()
    last.unlink()
    refused = call(tiny_wgan_command(copied, "--skip_train=True"))
    assert_refused(refused, "member 1", "only step 6 of 7")
    last.write_bytes(content)
    assert saved_bytes(copied) == before


@pytest.mark.parametrize(
    ("flag", "words"),
    [
        ("--mode=wasserstein", ["--mode", "gp, regular"]),
        ("--Citers=0", ["--Citers", "at least 1"]),
        ("--train_dataset=notmnist", ["--train_dataset", "cifar10"]),
        ("--preset=quick", ["--preset", "fast"]),
        ("--n_samples=3", ["n_samples"]),
    ],
)
def test_flag_errors_name_the_flag(flag, words):
    assert_refused(call([sys.executable, str(SCRIPT), flag]), *words)


def test_a_flag_error_comes_before_tensorflow_loads():
    command = [sys.executable, str(SCRIPT), "--mode=wasserstein"]
    assert seconds_of_programs(lambda: assert_refused(call_from_scratch(command), "--mode")) < 2


def smoke(script, train_dataset, shared_data, folder, *flags):
    """Runs preset smoke, shortened, on real data."""
    command = [sys.executable, str(script), "--preset=smoke", f"--train_dataset={train_dataset}"]
    command += [f"--data_dir={shared_data}", f"--model_dir={folder / 'run'}", "--bootstrap=20"]
    result = call([*command, "--ood_datasets=" + OOD[train_dataset], "--eval_size=50", *flags])
    assert result.returncode == 0, result.stderr
    assert {row["dataset"] for row in metrics(folder)} == set(OOD[train_dataset].split(","))
    return json.loads((folder / "run" / "manifest.json").read_text())


OOD = {
    "mnist": "fashion_mnist,notmnist,uniform_noise",
    "fashion_mnist": "mnist,omniglot,hflip",
    "cifar10": "celeba,imagenet,uniform_noise,normal_noise,hflip,vflip",
}


@pytest.mark.slow
@pytest.mark.parametrize("train_dataset", OOD)
def test_real_images_train(train_dataset, shared_data, tmp_path):
    smoke(SCRIPT, train_dataset, shared_data, tmp_path, "--max_steps=30", "--extra_steps=10")


@pytest.mark.slow
def test_a_vae_takes_cifar10_with_a_likelihood_of_its_256_values(shared_data, tmp_path):
    script = ROOT / "vae_wgan" / "vae_run.py"
    flags = ["--max_steps=20", "--base_depth=4", "--n_samples=2", "--compile=False"]
    manifest = smoke(script, "cifar10", shared_data, tmp_path, *flags)
    assert manifest["likelihood"] == manifest["settings"]["likelihood"] == "discretized_logistic"


@pytest.mark.slow
def test_missing_sets_are_reported(shared_data, tmp_path):
    command = [sys.executable, str(SCRIPT), "--preset=smoke", "--train_dataset=cifar10"]
    command += [f"--data_dir={shared_data}", f"--model_dir={tmp_path / 'run'}", "--eval_size=20"]
    result = call([*command, "--max_steps=2", "--extra_steps=1", "--num_models=1"])
    assert result.returncode == 0, result.stderr
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    if (shared_data / "svhn" / "test_32x32.mat").exists():
        pytest.skip("SVHN is there")
    assert "svhn is missing" in manifest["datasets"]["missing"]["svhn"]
    assert "svhn is missing" in (tmp_path / "run" / "analysis" / "report.html").read_text()
