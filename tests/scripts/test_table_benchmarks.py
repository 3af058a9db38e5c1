"""The comparisons on tables: the summaries by hand, the commands on small tables."""

import csv
import json
from argparse import Namespace

import numpy as np
import pandas as pd
import pytest

from input_errors import message_of
from scripts import benchmark
from scripts.benchmarks import adbench, mixed, table_comparison, table_tasks, trained_members
from scripts.benchmarks.table_comparison import OURS, Result, summaries
from tools.run.options import settings_of_preset
from vae_wgan.settings.table_settings import TableSettings

RANDOM = np.random.default_rng(0)


def write_table(path, n_normal=120, n_anomalies=15):
    normal = RANDOM.normal(size=(n_normal, 3))
    x = np.concatenate([normal, RANDOM.normal(size=(n_anomalies, 3)) + 9]).astype(np.float32)
    np.savez(path, x=x, y=np.repeat([0, 1], [n_normal, n_anomalies]))


def test_summaries_by_hand():
    aurocs = {(OURS, "a"): [0.9, 0.7], (OURS, "b"): [0.6, 0.6]}
    aurocs |= {("knn", "a"): [0.8, 0.8], ("knn", "b"): [0.9, 0.7]}
    aurocs |= {("lof", "a"): [0.4, 0.4], ("lof", "b"): [0.5, 0.5]}
    results = [
        Result(table, seed, detector, auroc, auroc / 2, 1.0)
        for (detector, table), pair in aurocs.items()
        for seed, auroc in enumerate(pair)
    ]
    found = summaries(results)
    assert found[OURS].auroc == pytest.approx(0.7)
    assert found["knn"].ap == pytest.approx(0.4)
    assert [found[name].rank for name in found] == pytest.approx([1.75, 1.25, 3])
    assert found[OURS].rescaled == pytest.approx((1 + 1 / 3) / 2)
    assert found["knn"].lead == pytest.approx((-0.1, -0.2, 0))


def test_the_best_other_detector_by_hand():
    """On the first table lof is best; a score of ours is no floor. Means over two seeds."""
    aurocs = {"combined": [0.9, 0.7], OURS: [0.99, 0.99], "knn": [0.6, 0.8], "lof": [0.8, 0.9]}
    results = [
        Result("a", seed, detector, auroc, 0.5, 1.0, (auroc - 0.1, auroc + 0.05))
        for detector, pair in aurocs.items()
        for seed, auroc in enumerate(pair)
    ]
    (row,) = table_comparison.against_best(results)
    assert (row.table, row.best) == ("a", "lof")
    assert [row.ours, row.auroc] == pytest.approx([0.8, 0.85])
    assert [*row.ours_interval, *row.interval] == pytest.approx([0.7, 0.85, 0.75, 0.9])
    lines = table_comparison.markdown_of_best(results).splitlines()
    assert lines[2] == "| a | 0.800 [0.700, 0.850] | `lof` | 0.850 [0.750, 0.900] |"
    assert lines[3] == "| mean | 0.800 |  | 0.850 |"


def test_every_second_column_of_many_values_is_cut_at_its_quartiles(tmp_path):
    x = RANDOM.normal(size=(160, 4)).astype(np.float32)
    x[:, 3] = x[:, 3] > 0  # of two values: stays as it is
    np.savez(tmp_path / "9_first.npz", x=x, y=np.repeat([0, 1], [120, 40]))
    task = table_tasks.binned_task(tmp_path / "9_first.npz", 99, seed=0)
    words = np.concatenate(task[:4])[:, task.columns.group == 0]
    assert np.count_nonzero(words > 0, axis=0).tolist() == [40] * len(table_tasks.WORDS)
    np.savez(tmp_path / "10_second.npz", x=x[:, 3:], y=np.repeat([0, 1], [120, 40]))
    assert table_tasks.binned_task(tmp_path / "10_second.npz", 99, seed=0) is None


def test_the_command_tells_figures_and_writes_the_results(tmp_path, capsys):
    for name in ("10_second", "9_first"):
        write_table(tmp_path / f"{name}.npz")
    output = tmp_path / "out"
    flags = [f"--data_dir={tmp_path}", "--seeds=1", f"--output={output}"]
    assert benchmark.main(["adbench", *flags]) == 0
    figures = {line["name"]: line for line in map(json.loads, capsys.readouterr().out.splitlines())}
    assert figures[f"adbench.{OURS}.auroc"]["value"] > 0.99
    assert "2 tables and 1 splits" in figures["adbench.knn.lead"]["unit"]
    rows = list(csv.DictReader(output.with_suffix(".csv").read_text().splitlines()))
    assert [row["table"] for row in rows if row["detector"] == OURS] == ["9_first", "10_second"]
    page = output.with_suffix(".md").read_text()
    assert "| rank |" in page
    found = table_comparison.read_results(output.with_suffix(".csv").read_text())
    assert page.startswith(table_comparison.markdown_of_summaries(found))


def test_members_come_first_where_they_are_asked_for(tmp_path, monkeypatch):
    few = {"max_steps": 20, "batch_size": 16, "base_depth": 4, "n_flows": 1, "compile": False}
    quick = settings_of_preset(TableSettings, "fast", **few)
    monkeypatch.setattr(trained_members, "settings_of_preset", lambda *_, **__: quick)
    monkeypatch.setattr(table_comparison, "COMPARED", ("knn",))
    write_table(tmp_path / "9_first.npz")
    options = Namespace(data_dir=tmp_path, seeds=1, seed=0, rows=99, members=2, output=None)
    found = {figure.name: figure.value for figure in adbench.figures(options)}
    assert found["adbench.combined.auroc"] > 0.99
    assert found["adbench.iwae.auroc"] > 0.9
    assert {"adbench.simple.lead", "adbench.knn.lead"} <= found.keys()


def test_a_folder_without_tables_is_told(tmp_path):
    assert "no table of ADBench" in message_of(lambda: adbench.table_files(tmp_path))


def test_mixed_tables_have_words(tmp_path, monkeypatch, capsys):
    """The rows of both tables are made up; connections have their own split."""
    monkeypatch.setattr(table_comparison, "COMPARED", ("knn",))
    bank = {"age": RANDOM.normal(size=200), "job": RANDOM.choice(["a", "b"], 200)}
    is_anomaly = np.arange(200) < 30
    bank["age"][is_anomaly] += 9
    frame = pd.DataFrame(bank | {"y": np.where(is_anomaly, "yes", "no")})
    frame.to_csv(tmp_path / "bank.csv.gz", index=False)
    for name in ("train", "test"):
        connections = pd.DataFrame(RANDOM.normal(size=(80, 41)))
        connections[1] = RANDOM.choice(["tcp", "udp"], 80)
        connections[41] = np.where(np.arange(80) < 20, "neptune", "normal")
        connections[42] = 20
        connections.to_csv(tmp_path / f"kdd_{name}.txt.gz", index=False, header=False)
    task = table_tasks.nsl_kdd_task(tmp_path, 50, seed=0)
    assert [len(part) for part in task[:4]] == [45, 5, 50, 20]
    assert task.columns.group.max() == 0
    assert len(list(mixed.nsl_kdd_task(tmp_path, 9, seed=0).anomalies)) == 9
    write_table(tmp_path / "9_first.npz")
    flags = [f"--data_dir={tmp_path}", f"--adbench_dir={tmp_path}", f"--output={tmp_path}/out"]
    assert benchmark.main(["mixed", *flags, "--seeds=1", "--rows=50"]) == 0
    figures = {line["name"] for line in map(json.loads, capsys.readouterr().out.splitlines())}
    assert {"mixed.bank.lead", "mixed.9_first.lead", "mixed.best.lead"} <= figures
    assert "| nsl_kdd |" in (tmp_path / "out_best.md").read_text()
    (tmp_path / "kdd_test.txt.gz").unlink()
    assert "lacks kdd_test.txt.gz" in message_of(lambda: table_tasks.nsl_kdd_task(tmp_path, 9, 0))
