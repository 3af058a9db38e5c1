"""Analysing a finished run again: by the command, by hand, and after a part of it was lost."""

import csv
import errno
import os
import subprocess
import sys

import numpy as np
import pytest

from input_errors import message_of
from repository_sources import ROOT
from run_folder_fixture import write_run
from tools.analysis.run_analysis import analyse_again, ensemble_analysis, main
from tools.errors import InputError
from tools.files.whole_files import write_npz
from tools.scores.detection import AnalysisOptions
from tools.scores.finished_run import read_histories, read_run, read_samples
from tools.scores.score_files import write_scores


@pytest.fixture
def folder(tmp_path):
    return write_run(tmp_path / "run")


def written_rows(folder):
    with open(folder.path / "analysis" / "metrics.csv", newline="") as file:
        return {(r["dataset"], r["score"], r["statistic"]): r for r in csv.DictReader(file)}


def run_command(*arguments):
    command = [sys.executable, "-W", "error", "-m", "tools.analysis", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)


def test_the_command_repeats_the_analysis_of_the_run(folder):
    expected = ensemble_analysis(folder.path, ["iwae", "rate"], AnalysisOptions(50))
    before = (folder.path / "analysis" / "metrics.csv").read_bytes()
    result = run_command(folder.path)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == f"{expected.text}\nReport: {expected.report}\n"
    assert (folder.path / "analysis" / "metrics.csv").read_bytes() == before


def test_the_command_takes_other_scores_and_draws(folder):
    result = run_command(folder.path, "--score_keys=elbo", "--bootstrap=0")
    assert result.returncode == 0
    assert {key for _, key, _ in written_rows(folder)} == {"elbo"}
    assert written_rows(folder)["near", "elbo", "mean"]["auroc_low"] == ""


def test_the_command_refuses_with_one_line(tmp_path):
    result = run_command(tmp_path / "nowhere")
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert "manifest.json" in result.stderr
    assert not (tmp_path / "nowhere").exists()


def test_a_folder_in_use_is_refused(folder, capsys):
    with folder.locked():
        assert main([str(folder.path)]) == 2
    assert "in use" in capsys.readouterr().err


def test_tensorflow_is_not_loaded():
    code = "import sys, tools.analysis.run_analysis; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_a_manifest_without_its_settings_is_named(folder):
    settings = folder.manifest().settings
    folder.update_manifest(settings={name: settings[name] for name in settings if name != "seed"})
    with pytest.raises(InputError, match="lacks the setting seed"):
        analyse_again(folder)


def test_a_full_disk_is_one_line(folder, monkeypatch, capsys):
    def fail(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fail)
    assert main([str(folder.path)]) == 2
    message = capsys.readouterr().err
    assert message.startswith(
        f"{folder.path / 'analysis' / 'metrics.csv'}: No space left on device"
    )
    assert message.count("\n") == 1


def test_ddof_is_that_of_variance_and_waic_and_stands_beside_them(folder):
    by_ddof = [analyse_again(folder, ddof=ddof) for ddof in (0, 1)]
    aurocs = [
        {
            row.statistic: row.auroc
            for row in a.table.rows
            if (row.dataset, row.score) == ("near", "iwae")
        }
        for a in by_ddof
    ]
    assert {name for name in aurocs[0] if aurocs[0][name] != aurocs[1][name]} == {"waic"}
    assert '"ddof": 1' in (folder.path / "analysis" / "metrics.json").read_text()
    assert message_of(analyse_again, folder, ddof=3) == "--ddof=3 needs more members than 3"
    assert "--ddof=-1" in message_of(analyse_again, folder, ddof=-1)


def test_members_keep_their_numbers_when_a_file_of_one_is_lost(folder):
    run = read_run(folder, ["iwae"])
    for member in (0, 1, 2):
        write_npz(folder.samples(member), {"images": np.full((9, 8, 8, 1), member, np.uint8)})
    (folder.member(0) / "history.jsonl").unlink()
    folder.samples(1).unlink()
    assert list(read_histories(run)) == [1, 2]
    assert {member: images.max() for member, images in read_samples(run).items()} == {0: 0, 2: 2}
    analyse_again(folder, bootstrap=0)
    names = {path.stem for path in (folder.path / "analysis").glob("*.png")}
    assert {"samples", "training_history"} <= names


def test_tables_of_an_earlier_analysis_do_not_outlive_it(folder):
    folder.update_manifest(anomalies=["near"])
    path = folder.path / "analysis" / "alerts.csv"
    ensemble_analysis(folder.path, ["iwae"], AnalysisOptions(alerts=[5]))
    assert path.exists()
    ensemble_analysis(folder.path, ["iwae"], AnalysisOptions())
    assert not path.exists()


def test_peers_are_those_of_the_manifest_whatever_their_sets_are_called(folder):
    names = {"digits": "data[1]", "near": "near", "far": "far"}
    folder.scores("digits").rename(folder.scores("data[1]"))
    folder.pictures("digits").unlink()
    datasets = folder.manifest().entries["datasets"] | {"in_distribution": "data[1]"}
    folder.update_manifest(datasets=datasets)
    for source in ("forest", "stale"):
        for name in names.values():
            values = {source: np.arange(40.0)[np.newaxis]}
            write_scores(folder.peer_scores(source, name), values, np.arange(40), {})
    assert read_run(folder, ["iwae"]).peer_scores.keys() == {"forest", "stale"}
    folder.update_manifest(peers=["forest"])
    assert read_run(folder, ["iwae"]).peer_scores.keys() == {"forest"}
