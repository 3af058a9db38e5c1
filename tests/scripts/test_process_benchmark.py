"""The benchmarks of whole commands: analysis, scale, start; and the made-up run they need."""

import argparse
import dataclasses
import os

import pytest

from input_errors import message_of
from repository_sources import ROOT
from scripts.benchmarks import analysis, child_process, nodes, scale, start
from scripts.benchmarks.child_process import Cost, cost_of
from scripts.benchmarks.start import ProgressBar
from scripts.benchmarks.synthetic_run import write_synthetic_run
from tools.files.whole_files import write_json
from tools.run.manifest import Manifest
from tools.run.run_folder import RunFolder
from tools.scores.detection import AnalysisOptions, detection_table
from tools.scores.ensemble_statistics import SCORE_KEYS
from tools.scores.finished_run import read_run
from tools.scores.score_registry import FITTED_SCORES
from vae_wgan.settings.vae_settings import VAESettings

# Stands for vae_run.py: shows its bar for two steps.
SCRIPT = f"""
import sys, time
sys.path.insert(0, {str(ROOT)!r})
from tools.run.progress import TrainingProgress
with TrainingProgress(1, 9) as bar:
    for step in range(2):
        time.sleep(0.2)  # else it is not drawn again
        bar.advance(1, {{}})
    time.sleep(60)
"""


def test_the_cost_of_a_process_is_its_own():
    small = cost_of(["-c", "print('hidden')"])
    size = int(small.peak_mib + 200) * 2**20
    large = cost_of(["-c", f"import time; x = bytearray({size}); time.sleep(0.2)"])
    assert small.peak_mib + 200 < large.peak_mib < small.peak_mib + 250
    assert large.seconds > 0.2
    assert "ended with code 3" in message_of(cost_of, ["-c", "raise SystemExit(3)"])


def test_the_made_up_run_has_all_scores_and_far_sets_are_found(tmp_path):
    folder = write_synthetic_run(tmp_path, members=2, sets=11, examples=60)
    keys = folder.manifest().settings["score_keys"]
    assert set(keys) == {*SCORE_KEYS, *FITTED_SCORES}
    run = read_run(folder, keys)
    assert run.n_members == 2
    rows = detection_table(run, keys, AnalysisOptions()).rows
    assert len(rows) == 11 * (len(SCORE_KEYS) * 6 + len(FITTED_SCORES))
    aurocs = {
        row.dataset: row.auroc for row in rows if (row.score, row.statistic) == ("rate", "mean")
    }
    assert aurocs["outside10"] > aurocs["outside1"]


def test_the_analysis_is_measured_in_a_process_of_its_own(monkeypatch):
    monkeypatch.setattr(analysis, "EXAMPLES", 30)
    seen, costs = [], iter([Cost(2, 50), Cost(3, 70), Cost(9, 60)])

    def fake(arguments):
        seen.append(read_run(RunFolder(arguments[-1]), ["iwae"]).n_members)
        return next(costs)

    monkeypatch.setattr(analysis, "cost_of", fake)
    time, memory = analysis.figures(argparse.Namespace(seed=0, repeats=3))
    assert (time.value, memory.value) == (3, 70)
    assert seen == [analysis.MEMBERS] * 3


def test_more_members_are_compared_with_the_fewest(monkeypatch):
    for module in (scale, child_process):
        monkeypatch.setattr(module, "cost_of", lambda arguments: Cost(4, 100))
    monkeypatch.setattr(scale, "SETS", 1)
    timings = {"training": 20.0, "scoring": 10.0}
    monkeypatch.setattr(RunFolder, "manifest", lambda self: Manifest({}, timings=timings))
    options = argparse.Namespace(members=[2, 5], examples=20, data_dir="", seed=0)
    figures = {figure.name: figure for figure in scale.figures(options)}
    assert figures["scale.5.analysis_memory"].value == 100
    assert figures["scale.5.training"].value == 4
    assert figures["scale.5.training"].ratio == 10 / 4
    assert len(figures) == 8


def test_a_bar_is_read_until_its_step():
    reader, writer = os.pipe()
    bar = ProgressBar(reader, started=0.0)
    os.write(writer, b"log line 7/9\r  0%| | 0/9 [00:00<?\r| 1/9 [00:01<00:09")
    assert bar.seconds_until(1) > 0
    os.write(writer, b"| 2/")
    os.write(writer, b"9 [00:02<00:09")
    assert bar.seconds_until(2) > 0
    os.write(writer, b"no such data set")
    os.close(writer)
    assert "no such data set" in message_of(bar.seconds_until, 3)
    os.close(reader)


def test_first_steps_are_timed_and_the_run_is_interrupted(monkeypatch, tmp_path):
    (tmp_path / "vae_run.py").write_text(SCRIPT)
    monkeypatch.setattr(start, "FOLDER", tmp_path)
    monkeypatch.setattr(start, "SCRIPTS", ("vae_run",))
    monkeypatch.setattr(start, "read_history", lambda path: [{"step": 1}])
    monkeypatch.setattr(start, "_help_seconds", lambda script: 0.3)
    options = argparse.Namespace(repeats=1, help_only=False, data_dir="", seed=0)
    figures = {figure.name: figure.value for figure in start.figures(options)}
    assert figures.pop("start.vae_run.help") == 0.3
    assert figures.keys() == {"start.first", "start.resumed", "start.again"}
    assert 0 < max(figures.values()) < 30


def test_a_run_is_measured_on_each_number_of_nodes(monkeypatch):
    cluster_utils = pytest.importorskip("ray.cluster_utils")
    calls = []

    class FakeCluster:
        address = "127.0.0.2:6379"

        def __init__(self, **options):
            calls.append("head")

        def add_node(self, **node):
            calls.append("node")

        def wait_for_nodes(self):
            calls.append("wait")

        def shutdown(self):
            calls.append("shutdown")

    def fake(arguments):
        flags = dict(argument[2:].split("=", 1) for argument in arguments[1:])
        assert flags["launcher_address"] == FakeCluster.address
        assert flags.keys() <= {field.name for field in dataclasses.fields(VAESettings)}
        seconds = 12.0 / (1 + calls.count("node"))
        folder = RunFolder(flags["model_dir"])
        write_json(
            folder.manifest_path,
            {"settings": {}, "timings": {"training": seconds, "scoring": 2 * seconds}},
        )
        return Cost(4 * seconds, 50)

    monkeypatch.setattr(cluster_utils, "Cluster", FakeCluster)
    monkeypatch.setattr(child_process, "cost_of", fake)
    found = list(nodes.figures(argparse.Namespace(nodes=2, data_dir="", seed=0)))
    assert calls == ["head", "node", "wait", "shutdown"]
    assert {figure.name: (figure.value, figure.ratio) for figure in found} == {
        "nodes.1.training": (12, 1),
        "nodes.1.scoring": (24, 1),
        "nodes.1.command": (48, 1),
        "nodes.2.training": (6, 2),
        "nodes.2.scoring": (12, 2),
        "nodes.2.command": (24, 2),
    }
