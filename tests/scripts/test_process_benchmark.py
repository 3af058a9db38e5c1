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
from tools.run.run_folder import RunFolder
from tools.scores.detection import AnalysisOptions, detection_table
from tools.scores.ensemble_statistics import SCORE_KEYS
from tools.scores.finished_run import read_run
from tools.scores.score_registry import FITTED_SCORES
from vae_wgan.settings.vae_settings import VAESettings

# Stands for vae_run.py: shows its bar for two steps, the first of which is saved.
SCRIPT = f"""
import sys, time
sys.path.insert(0, {str(ROOT)!r})
from tools.files.whole_files import write_text
from tools.run.progress import RunProgress, TrainingProgress
from tools.run.run_folder import RunFolder
folder = RunFolder(sys.argv[1].removeprefix("--model_dir="))
write_text(folder.member(0) / "history.jsonl", '{{"step": 1}}\\n')
with RunProgress() as progress:
    bar = TrainingProgress(progress, 1, 9)
    for step in range(2):
        time.sleep(0.2)  # else it is not drawn again
        bar.advance(1, {{}})
    time.sleep(60)
"""


@pytest.fixture
def run_flags(monkeypatch):
    """Flags of the runs that were measured; each writes its timings and is done at once."""
    runs = []

    def run(arguments):
        flags = dict(argument[2:].split("=", 1) for argument in arguments[1:])
        assert flags.keys() <= {field.name for field in dataclasses.fields(VAESettings)}
        runs.append(flags)
        timings = {"training": 12.0 / len(runs), "scoring": 24.0 / len(runs)}
        manifest = {"settings": {}, "timings": timings}
        write_json(RunFolder(flags["model_dir"]).manifest_path, manifest)
        return Cost(48 / len(runs), 50)

    monkeypatch.setattr(child_process, "cost_of", run)
    return runs


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


def test_the_analysis_has_a_median_time_and_a_highest_memory():
    costs = iter([Cost(2, 50), Cost(3, 70), Cost(9, 60)])
    time, memory = analysis.analysis_figures(lambda: next(costs), argparse.Namespace(repeats=3))
    assert (time.value, memory.value) == (3, 70)


def test_the_analysis_of_more_members_and_their_runs_are_measured(monkeypatch, run_flags):
    monkeypatch.setattr(scale, "cost_of", lambda arguments: Cost(4, 100))
    options = argparse.Namespace(members=[2, 5], examples=20, data_dir="", seed=0)
    figures = {figure.name: figure for figure in scale.figures(options)}
    assert [flags["num_models"] for flags in run_flags] == ["2", "5"]
    assert figures["scale.5.analysis_memory"].value == 100
    assert figures["scale.5.training"].value == 6 / 5
    assert len(figures) == 8


def test_more_members_are_compared_with_the_fewest():
    seconds = {2: {"training": 10.0}, 5: {"training": 4.0}}
    two, five = scale.run_figures(seconds)
    assert (two.ratio, five.value, five.ratio) == (1, 4, 10 / 4)
    assert "2 members" in five.yardstick


def test_a_bar_is_read_until_its_step():
    reader, writer = os.pipe()
    bar = ProgressBar(reader, started=0.0)
    os.write(writer, b"at 7/9\r  0%| | 00:00<?\r| 00:01<00:09, step 1 of 9,000")
    assert bar.seconds_until(1) > 0
    os.write(writer, b"| 00:02<00:09, step 2,1")
    os.write(writer, b"00 of 9,000")
    assert bar.seconds_until(2100) > 0
    os.write(writer, b"no such data set")
    os.close(writer)
    assert "no such data set" in message_of(bar.seconds_until, 2101)
    os.close(reader)


def test_first_steps_are_timed_and_the_run_is_interrupted(tmp_path, monkeypatch):
    monkeypatch.setenv("TQDM_DISABLE", "1")  # of this process, not of the run
    script = tmp_path / "vae_run.py"
    script.write_text(SCRIPT)
    options = argparse.Namespace(repeats=1, data_dir="", seed=0)
    figures = {figure.name: figure.value for figure in start.first_steps(script, options)}
    assert figures.keys() == {"start.first", "start.resumed", "start.again"}
    assert min(figures.values()) > 0
    assert max(figures.values()) < 30


def test_a_run_is_measured_on_each_number_of_nodes(monkeypatch, run_flags):
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

    monkeypatch.setattr(cluster_utils, "Cluster", FakeCluster)
    found = list(nodes.figures(argparse.Namespace(nodes=2, data_dir="", seed=0)))
    assert calls == ["head", "node", "wait", "shutdown"]
    assert {flags["launcher_address"] for flags in run_flags} == {FakeCluster.address}
    assert {figure.name: (figure.value, figure.ratio) for figure in found} == {
        "nodes.1.training": (12, 1),
        "nodes.1.scoring": (24, 1),
        "nodes.1.command": (48, 1),
        "nodes.2.training": (6, 2),
        "nodes.2.scoring": (12, 2),
        "nodes.2.command": (24, 2),
    }
