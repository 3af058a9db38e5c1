"""The whole command through a shell's eyes: files, numbers, exit codes, messages."""

import csv
import json
import shutil
import signal
import sys
from pathlib import Path

import numpy as np
import pytest

from anomaly import EnsembleDetector
from lock_holder import process_that_holds
from processor_time import seconds_of_programs
from program import call, call_from_scratch, kill_when
from repository_sources import ROOT
from tiny_run import assert_refused, bars, bytes_by_path, tiny_command, write_data
from tools.run.run_folder import RunFolder
from tools.scores.finished_run import read_run
from tools.scores.floors import IMAGE_FLOOR_WORDS
from tools.scores.score_files import read_scores
from tools.scores.score_lines import score_lines

SCRIPT = ROOT / "vae_wgan" / "vae_run.py"
SAME = r"checkpoint-0*12\.npz|scores/.*\.npz|metrics\.csv"


@pytest.fixture(scope="module")
def finished(tiny_run):
    return tiny_run("vae")


def saved_bytes(folder, model_dir="run", wanted=SAME):
    """Of the files that must not differ between equal runs."""
    return bytes_by_path(folder / model_dir, wanted)


def manifest(folder):
    return json.loads((folder / "run" / "manifest.json").read_text())


def test_a_run_leaves_members_scores_tables_plots_and_report(finished):
    folder, printed = finished
    run = folder / "run"
    for path in ["manifest.json", "analysis/metrics.json", "analysis/report.html"]:
        assert (run / path).stat().st_size > 0
    for member in "01":
        assert list((run / member / "events").iterdir())
        lines = (run / member / "history.jsonl").read_text().splitlines()
        assert [json.loads(line)["step"] for line in lines] == [4, 8, 12]
    assert len(list((run / "analysis").glob("*.png"))) >= 5
    with open(run / "analysis" / "metrics.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["dataset"] for row in rows} == {"columns", "hflip", "uniform_noise"}
    assert {row["statistic"] for row in rows} >= {"single", "mean", "variance", "waic"}
    assert "uniform_noise" in printed


def test_noise_is_told_from_the_training_data_even_by_a_tiny_ensemble(finished):
    with open(finished.folder / "run" / "analysis" / "metrics.csv", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["dataset"] == "uniform_noise"]
    aurocs = {row["statistic"]: float(row["auroc"]) for row in rows if row["score"] == "iwae"}
    assert aurocs["mean"] > 0.95


def test_manifest_says_what_was_done(finished):
    content = manifest(finished.folder)
    assert content["status"] == "finished"
    assert content["settings"]["latent_size"] == 4
    assert content["settings"]["preset"] == "fast"
    assert content["datasets"]["in_distribution"] == "bars"
    assert content["datasets"]["sizes"] == {
        "training": 37,
        "bars": 20,
        "calibration": 23,
        "columns": 20,
        "hflip": 20,
        "uniform_noise": 20,
    }
    assert content["likelihood"] == "bernoulli"
    timings = {"training", "scoring", "simple detectors", "strange places", "further scoring"}
    assert set(content["timings"]) == timings | {"analysis"}
    assert content["costs"].keys() == {"sampling", "posterior mean", "input", *IMAGE_FLOOR_WORDS}
    assert content["costs"]["sampling"] > 0
    assert content["versions"]["tensorflow"]


def test_score_files_hold_every_key_of_every_member_on_the_same_rows(finished):
    file = read_scores(finished.folder / "run" / "scores" / "columns.npz")
    assert file.scores.keys() == {
        "iwae",
        "elbo",
        "rate",
        "distortion",
        "posterior_mean",
        "posterior_stddev",
        "posterior_entropy",
        "log_weight_variance",
        "laplace",
        "reconstruction_error",
        "posterior_mean_norm",
        "posterior_stddev_norm",
    }
    assert all(values.shape == (2, 20) for values in file.scores.values())
    assert np.all(file.scores["elbo"] <= file.scores["iwae"] + 1e-3)
    assert np.all(file.scores["iwae"][0] != file.scores["iwae"][1])


def test_input_files_hold_properties_of_the_same_rows(finished):
    for dataset in ("bars", "calibration", "columns"):
        of_input, of_members = (
            read_scores(finished.folder / "run" / part / f"{dataset}.npz")
            for part in ("inputs", "scores")
        )
        np.testing.assert_array_equal(of_input.ids, of_members.ids)
        assert of_input.n_members == 1
        assert of_input.provenance["likelihood"] == "bernoulli"


def test_a_detector_opens_the_run_and_gives_its_fitted_score(finished):
    folder = finished.folder
    run = read_run(RunFolder(folder / "run"), ["likelihood_residual"])
    expected = score_lines(run, "columns", ["likelihood_residual"], ddof=0)
    detector = EnsembleDetector(folder / "run", "likelihood_residual")
    images = np.load(folder / "columns.npy")[run.scores["columns"].ids]
    (line,) = expected["likelihood_residual", "ensemble"]
    np.testing.assert_allclose(detector.score(images), line, rtol=1e-4)


def test_the_same_command_gives_the_same_bytes_in_another_folder(finished, tmp_path):
    result = call_from_scratch(tiny_command(finished.folder, f"--model_dir={tmp_path / 'again'}"))
    assert result.returncode == 0, result.stderr
    first, second = saved_bytes(finished.folder), saved_bytes(tmp_path, "again")
    assert len(first) == 2 + 5 + 1 + 6 * 4  # with six simple detectors of four sets
    assert first == second


def test_a_killed_run_goes_on_to_the_same_bytes(finished, tmp_path):
    write_data(tmp_path)
    command = tiny_command(tmp_path)
    # Of the same data: the folder is in no file that is compared.
    saved = tmp_path / "run" / "0" / "checkpoint-00000008.npz"
    assert kill_when(command, saved.exists) == -signal.SIGKILL
    assert not (tmp_path / "run" / "analysis").exists()
    result = call(command)
    assert result.returncode == 0, result.stderr
    assert saved_bytes(tmp_path) == saved_bytes(finished.folder)


def test_skip_train_repeats_and_remakes_the_same_numbers_without_other_flags(copied):
    before = saved_bytes(copied)
    (copied / "run" / "scores" / "hflip.npz").unlink()
    (copied / "run" / "scores" / "columns.npz").write_bytes(b"damaged")
    shutil.rmtree(copied / "run" / "analysis")
    result = call(
        [sys.executable, str(SCRIPT), f"--model_dir={copied / 'run'}", "--skip_train=True"]
    )
    assert result.returncode == 0, result.stderr
    assert saved_bytes(copied) == before
    assert result.stderr.count("scores are up to date") == 3 + len(IMAGE_FLOOR_WORDS)


def test_skip_train_names_the_missing_member_and_its_folder(copied):
    shutil.rmtree(copied / "run" / "1")
    result = call(
        [sys.executable, str(SCRIPT), f"--model_dir={copied / 'run'}", "--skip_train=True"]
    )
    assert_refused(result, "member 1", str(copied / "run" / "1"))


def test_a_damaged_last_checkpoint_is_passed_over_and_trained_again(copied):
    before = saved_bytes(copied)
    last = copied / "run" / "0" / "checkpoint-00000012.npz"
    last.write_bytes(last.read_bytes()[:5000])
    result = call(tiny_command(copied))
    assert result.returncode == 0, result.stderr
    assert "damaged" in result.stderr
    assert saved_bytes(copied) == before


def test_more_members_leave_the_first_ones_as_they_are(copied):
    before = saved_bytes(copied, wanted=r"checkpoint")
    result = call(tiny_command(copied, "--num_models=3"))
    assert result.returncode == 0, result.stderr
    after = saved_bytes(copied, wanted=r"checkpoint")
    assert before.items() < after.items()
    assert read_scores(copied / "run" / "scores" / "hflip.npz").n_members == 3


def test_other_settings_are_refused_and_each_difference_is_named(copied):
    before = saved_bytes(copied)
    result = call(tiny_command(copied, "--latent_size=5", "--beta=2"))
    assert_refused(result, "latent_size is 4 there, 5 here", "beta is 1.0 there, 2.0 here")
    assert saved_bytes(copied) == before


def test_other_training_data_under_the_same_name_are_refused(copied):
    np.savez(copied / "bars.npz", x_train=bars(60, seed=9), x_test=bars(25, seed=1))
    assert_refused(call(tiny_command(copied)), "train_dataset", "bars, sha256")


def test_delete_existing_starts_anew_but_never_deletes_what_is_no_run(copied):
    fewer = ("--num_models=1", "--max_steps=2", "--latent_size=5", "--n_flows=1", "--n_samples=1")
    result = call(tiny_command(copied, *fewer, "--baselines=", "--delete_existing"))
    assert result.returncode == 0, result.stderr
    assert manifest(copied)["settings"]["latent_size"] == 5
    (copied / "thesis").mkdir()
    (copied / "thesis" / "chapter.txt").write_text("years")
    result = call(tiny_command(copied, "--delete_existing", model_dir="thesis"))
    assert_refused(result, "thesis")
    assert (copied / "thesis" / "chapter.txt").exists()


def test_three_ways_to_start(tmp_path):
    starts = [
        ([sys.executable, "vae_wgan/vae_run.py"], ROOT),
        ([sys.executable, "vae_run.py"], ROOT / "vae_wgan"),
        ([str(Path(sys.executable).with_name("vae-run"))], tmp_path),
    ]
    for command, folder in starts:
        help_text = call_from_scratch([*command, "--help"], cwd=folder)
        assert help_text.returncode == 0
        assert "--train_dataset" in help_text.stdout
        refused = call_from_scratch([*command, "--train_dataset=mnits"], cwd=folder)
        assert_refused(refused, "--train_dataset=mnits", "mnist, fashion_mnist")


@pytest.mark.parametrize(
    ("flag", "words"),
    [
        ("--train_dataset=mnits", ["--train_dataset", "fashion_mnist"]),
        ("--train_dataset=notmnist", ["--train_dataset", "fashion_mnist"]),
        ("--ood_datasets=nowhere", ["--ood_datasets", "omniglot"]),
        ("--n_samples=0", ["--n_samples", "at least 1"]),
        ("--num_models=two", ["--num_models", "two"]),
        ("--learning_rate=nan", ["--learning_rate"]),
        ("--likelihood=gauss", ["--likelihood", "continuous_bernoulli"]),
        ("--activation=step", ["--activation", "leaky_relu"]),
        ("--score_keys=iwea", ["--score_keys", "iwae"]),
        ("--preset=quick", ["--preset", "fast"]),
        ("--analytic_kl", ["--analytic_kl", "--mixture_components=1"]),
        ("--lattent_size=3", ["lattent_size"]),
        ("stray", ["stray"]),
    ],
)
def test_flag_errors_name_the_flag(flag, words):
    assert_refused(call([sys.executable, str(SCRIPT), flag]), *words)


def test_a_flag_error_comes_before_tensorflow_loads():
    command = [sys.executable, str(SCRIPT), "--train_dataset=mnits"]
    assert seconds_of_programs(lambda: assert_refused(call_from_scratch(command), "mnits")) < 2


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((50, 20, 20), np.uint8), ["20x20"]),
        (np.zeros((0, 28, 28), np.uint8), ["own.npy"]),
        (np.full((50, 28, 28), 7.5, np.float32), ["own.npy", "7.5"]),
        (np.full((50, 28, 28), np.nan, np.float32), ["own.npy", "NaN"]),
        (np.zeros(50, np.float32), ["own.npy"]),
        (np.zeros((1, 28, 28), np.uint8), ["own"]),
    ],
    ids=["side", "empty", "range", "nan", "axes", "single"],
)
def test_unfit_training_images_are_refused_and_nothing_is_written(array, words, tmp_path):
    np.save(tmp_path / "own.npy", array)
    command = [sys.executable, str(SCRIPT), f"--train_dataset={tmp_path / 'own.npy'}"]
    result = call([*command, "--ood_datasets=hflip", f"--model_dir={tmp_path / 'run'}"])
    assert_refused(result, *words)
    assert not (tmp_path / "run" / "manifest.json").exists()


def test_unfit_test_images_are_refused(tmp_path):
    write_data(tmp_path)
    (tmp_path / "columns.npy").write_bytes(b"\x93NUMPY damaged")
    assert_refused(call(tiny_command(tmp_path)), "columns.npy")


def test_a_named_set_with_another_content_is_refused(tmp_path):
    folder = tmp_path / "mnist"
    folder.mkdir()
    for name in ("train", "t10k"):
        (folder / f"{name}-images-idx3-ubyte.gz").write_bytes(b"not what it says")
    command = [sys.executable, str(SCRIPT), f"--data_dir={tmp_path}"]
    result = call([*command, f"--model_dir={tmp_path / 'run'}"])
    assert_refused(result, "train-images-idx3-ubyte.gz")


def test_a_second_process_on_the_same_folder_is_refused(copied):
    with process_that_holds(copied / "run"):
        assert_refused(call(tiny_command(copied)), "--model_dir", "in use")


def test_real_mnist_trains_and_tells_noise_apart(shared_data, tmp_path):
    command = [sys.executable, str(SCRIPT), "--preset=smoke", f"--data_dir={shared_data}"]
    flags = ["--max_steps=60", "--base_depth=8", "--eval_size=100", "--batch_size=16"]
    flags += ["--ood_datasets=fashion_mnist,uniform_noise,notmnist", "--bootstrap=100"]
    flags += ["--score_keys=iwae", "--baselines=", "--compile=False"]
    result = call([*command, *flags, f"--model_dir={tmp_path / 'run'}", "--learning_rate=0.003"])
    assert result.returncode == 0, result.stderr
    with open(tmp_path / "run" / "analysis" / "metrics.csv", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["score"] == "iwae"]
    aurocs = {(row["dataset"], row["statistic"]): float(row["auroc"]) for row in rows}
    assert aurocs["uniform_noise", "mean"] > 0.99
    assert aurocs["fashion_mnist", "mean"] > 0.9
    assert aurocs["notmnist", "mean"] > 0.9
