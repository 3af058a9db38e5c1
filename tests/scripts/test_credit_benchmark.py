"""The figures of credit cards, with a run and members that are made up."""

import argparse
import json
from types import SimpleNamespace

import numpy as np
import pytest

from input_errors import message_of
from scripts import benchmark
from scripts.benchmarks import credit
from tools.data.example_set import ExampleSet

RNG = np.random.default_rng(0)


def rows(name, count, first_id):
    examples = RNG.normal(size=(count, 3)).astype(np.float32)
    return ExampleSet(name, examples, np.arange(first_id, first_id + count), "checksum")


@pytest.fixture
def data(monkeypatch):
    parts = {"training": 300, "calibration": 30, "test": 200, "fraud": 10, "uniform_noise": 50}
    sets = {name: rows(name, count, 1000 * i) for i, (name, count) in enumerate(parts.items())}
    ood = (sets.pop("fraud"), sets.pop("uniform_noise"))
    data = SimpleNamespace(**sets, ood=ood, anomalies=("fraud",))
    monkeypatch.setattr(credit, "load_table_data", lambda settings: data)
    return data


@pytest.fixture
def options():
    return argparse.Namespace(model="flow", preset="smoke", data_dir="", seed=0, repeats=1)


def test_rows_of_the_table_are_scored_and_no_noise(data):
    all_rows = credit._all_rows(data)
    assert len(all_rows) == len(all_rows.examples) == 300 + 30 + 200 + 10
    assert len(np.unique(all_rows.ids)) == len(all_rows)


def test_figures_of_a_run(data, options, monkeypatch, tmp_path):
    """The run is a script that does nothing; members score a row in no time."""
    script = tmp_path / "anomaly_run.py"
    script.write_text("import sys\nassert '--model=flow' in sys.argv, sys.argv\n")
    monkeypatch.setattr(credit, "ENTRY_SCRIPT", script)
    scored = []
    monkeypatch.setattr(
        credit, "_member_scoring", lambda settings, data, rows: lambda: scored.append(len(rows))
    )
    run, memory, scoring = credit.figures(options)
    assert (run.name, memory.name) == ("credit.flow.run", "credit.flow.run_memory")
    assert 0 < run.value < 60
    assert memory.value > 1
    assert scored == [540]
    assert scoring.ratio > 1
    assert "540 rows" in scoring.unit


def test_a_run_that_fails_ends_the_benchmark(data, options, monkeypatch, tmp_path):
    script = tmp_path / "anomaly_run.py"
    script.write_text("raise SystemExit(2)")
    monkeypatch.setattr(credit, "ENTRY_SCRIPT", script)
    assert "ended with code 2" in message_of(lambda: list(credit.figures(options)))


def test_settings_are_those_of_the_command_line_with_the_preset():
    settings = credit._settings(["--preset=smoke", "--model=flow", "--model_dir=there"])
    assert (settings.preset, settings.model, settings.model_dir) == ("smoke", "flow", "there")
    assert settings.num_models == 2


def test_the_dispatcher_knows_the_part(monkeypatch, capsys):
    figure = credit.Figure("credit.vae.run", 2.0, "s")
    monkeypatch.setattr(credit, "figures", lambda options: iter([figure]))
    assert benchmark.main(["credit"]) == 0
    assert json.loads(capsys.readouterr().out)["name"] == "credit.vae.run"
