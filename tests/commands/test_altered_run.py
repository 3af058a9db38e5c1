"""Corruptions and perturbations from the command line: their table, plots and section."""

import csv
import json

import pytest

from program import call
from tiny_run import tiny_command, write_data

FLAGS = (
    "--corruptions=contrast,fog",
    "--severity=1,5",
    "--perturbations=brightness",
    "--adversarial",
    "--adversarial_steps=2",
    "--history",
    "--viz_steps=2",
    "--max_steps=4",
    "--altered_size=3",
    "--score_keys=iwae,typicality",
    "--n_flows=1",
    "--n_samples=1",
    "--baselines=",
    "--bootstrap=10",
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Folder of a run with altered images, and what it printed."""
    folder = tmp_path_factory.mktemp("altered")
    write_data(folder)
    sets = f"--ood_datasets=columns={folder / 'columns.npy'},uniform_noise"
    result = call(tiny_command(folder, *FLAGS, sets))
    assert result.returncode == 0, result.stderr
    return folder / "run"


def test_each_level_has_a_row_for_each_score_that_was_named(finished):
    with open(finished / "analysis" / "altered.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == (2 * 2 + 31) * 2  # waic and mean of iwae
    assert {row["n"] for row in rows} == {"3"}
    assert {(row["score"], row["statistic"]) for row in rows} == {
        ("iwae", "waic"),
        ("iwae", "mean"),
    }
    steps = [int(row["level"]) for row in rows if row["group"] == "perturbation"]
    assert sorted(set(steps)) == list(range(31))


def test_the_manifest_says_how_the_altered_images_were_made(finished):
    datasets = json.loads((finished / "manifest.json").read_text("utf-8"))["datasets"]
    assert list(datasets["alterations"]) == datasets["altered"]
    last = {"group": "perturbation", "kind": datasets["altered"][-1].split(".")[1], "level": 30}
    assert datasets["alterations"][datasets["altered"][-1]] == last


def test_the_report_shows_curves_and_the_main_table_is_as_without(finished):
    page = (finished / "analysis" / "report.html").read_text("utf-8")
    assert 'id="altered-images"' in page
    for name in ("corruptions_iwae_waic.png", "perturbations_iwae_waic.png"):
        assert (finished / "analysis" / name).stat().st_size > 0
    assert "corruption" not in (finished / "analysis" / "metrics.csv").read_text()
    assert not list((finished / "pictures").glob("corruption*"))


def test_attacked_inputs_are_sets_of_the_main_table_and_their_transfer_is_told(finished):
    with open(finished / "analysis" / "metrics.csv", newline="") as file:
        datasets = {row["dataset"] for row in csv.DictReader(file)}
    assert {"adv_uniform_noise", "adv_bars"} <= datasets
    with open(finished / "analysis" / "transfer.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["dataset"], row["member"], row["attacked"]) for row in rows] == [
        (dataset, str(member), str(member == 0))
        for dataset in ("uniform_noise", "bars")
        for member in (0, 1)
    ]
    assert all(float(row["after"]) > float(row["before"]) for row in rows if row["member"] == "0")
    assert 'id="attacks"' in (finished / "analysis" / "report.html").read_text("utf-8")


def test_the_report_shows_codes_attacks_and_the_course_of_training(finished):
    report = (finished / "analysis" / "report.html").read_text("utf-8")
    for name in ("latent_space", "attack_adv_bars", "attack_adv_uniform_noise", "history_iwae"):
        assert (finished / "analysis" / f"{name}.png").stat().st_size > 0
    assert all(f"{name}, last level " in report for name in ("corrupted", "perturbed"))
    assert 'id="history"' in report
    with open(finished / "analysis" / "history.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["step"] for row in rows} == {"2", "4"}
    assert {"bars", "columns", "adv_bars"} <= {row["dataset"] for row in rows}


@pytest.mark.parametrize(
    ("flag", "words"),
    [
        ("--corruptions=rain", "gaussian_noise"),
        ("--severity=6", "--severity=6"),
        ("--perturbations=blur", "motion_blur"),
        ("--altered_size=0", "at least 1"),
        ("--adversarial_steps=0", "at least 1"),
        ("--adversarial_epsilon=-1", "at least 0"),
    ],
)
def test_what_is_unknown_is_refused_by_its_flag(flag, words, tmp_path):
    write_data(tmp_path)
    result = call(tiny_command(tmp_path, flag))
    assert result.returncode == 2
    assert words in result.stderr
