"""Bad tables end in one line and exit code 2, in a process where TensorFlow cannot be loaded."""

import dataclasses
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from repository_sources import ROOT
from tools.run.run_folder import RunFolder
from vae_wgan.data.table_data import load_table_data
from vae_wgan.settings.table_settings import TableSettings

# Runs each command line given as JSON on stdin; an import of TensorFlow would be an ImportError.
CHILD = """
import contextlib, functools, io, json, sys
sys.modules["tensorflow"] = None
from tools.run.command_line import run_from_command_line
from vae_wgan.kinds import kind_named
from vae_wgan.run import table_runs
from vae_wgan.settings.table_settings import TableSettings

run = functools.partial(table_runs.run, kind_named("table"))

def outcome(flags):
    errors = io.StringIO()
    with contextlib.redirect_stderr(errors), contextlib.redirect_stdout(io.StringIO()):
        try:
            run_from_command_line(TableSettings, run, description="", argv=["anomaly_run", *flags])
        except SystemExit as end:
            return end.code, errors.getvalue()

json.dump([outcome(flags) for flags in json.load(sys.stdin)], sys.stdout)
"""


def good(rows=200):
    random = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "a": random.normal(size=rows),
            "shop": random.choice(["web", "till"], rows),
            "Time": np.linspace(0, 2 * 86400 - 1, rows),
            "Class": np.where(np.arange(rows) % 20 == 7, "bad", "good"),
        }
    )


def with_value(column, row, value):
    def change(frame):
        return frame.assign(
            **{column: frame[column].astype(object).where(frame.index != row, value)}
        )

    return change


# What is done to a good table, further flags, and what the line says.
TRAINING_FAULTS = {
    "missing file": (None, [], "no known table and no file"),
    "empty file": (lambda f: f.iloc[:0, :0], [], "own.csv"),
    "missing label column": (
        lambda f: f.rename(columns={"Class": "Klass"}),
        [],
        "--label_column=Class: the table has no such column; it has a, shop, Time, Klass",
    ),
    "text in a numeric column": (
        with_value("a", 33, "n/a?"),
        [],
        "column a, row 33 (the first is 0",
    ),
    "label missing": (with_value("Class", 5, None), [], "column Class, row 5"),
    "time missing": (with_value("Time", 6, None), [], "column Time, row 6"),
    "no normal row": (lambda f: f.assign(Class="bad"), [], "--normal_label=good: column Class"),
    "too few rows": (lambda f: f[:99], [], "the table has 99 rows; at least 100 are needed"),
    "infinite": (
        with_value("a", 8, np.inf),
        [],
        "column a, row 8 (the first is 0): 'inf' is infinite",
    ),
    "minus infinite": (with_value("a", 9, -np.inf), [], "column a, row 9"),
    "one day": (lambda f: f.assign(Time=5.0), ["--protocol=time"], "rows of two days"),
}
SCORING_FAULTS = {
    "missing file": (None, "--score_file="),
    "other columns": (lambda f: f.rename(columns={"a": "b"}), "the table lacks a"),
    "column gone": (lambda f: f.drop(columns="shop"), "the table lacks shop"),
    "text in a numeric column": (with_value("a", 12, "x"), "row 12: column a: 'x' is no number"),
    "value missing": (with_value("a", 13, None), "row 13: column a is missing"),
}
CASES = [("train", name) for name in TRAINING_FAULTS] + [("score", name) for name in SCORING_FAULTS]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """(exit code, standard error) of each case."""
    folder = tmp_path_factory.mktemp("tables")
    own = folder / "own.csv"
    flags = {"label_column": "Class", "normal_label": "good", "time_column": "Time"}
    good().to_csv(own, index=False)
    settings = TableSettings(
        train_dataset=str(own), model_dir=str(folder / "run"), max_steps=9, batch_size=8, **flags
    )
    data = load_table_data(settings)
    RunFolder(folder / "run").update_manifest(
        settings=dataclasses.asdict(settings),
        datasets={"in_distribution": "own", "out_of_distribution": ["anomalies"]},
        encoder=data.encoder.to_json(),
    )

    def written(case, change):
        path = folder / "-".join(case).replace(" ", "-") / "own.csv"
        path.parent.mkdir()
        if change:
            change(good()).to_csv(path, index=False)
        return path

    commands = []
    for name, (change, more, _) in TRAINING_FAULTS.items():
        path = written(("train", name), change)
        named = [f"--{flag}={value}" for flag, value in flags.items()]
        commands.append(
            [f"--train_dataset={path}", f"--model_dir={path.parent}/run", *named, *more]
        )
    for name, (change, _) in SCORING_FAULTS.items():
        path = written(("score", name), change)
        files = [f"--score_file={path}", f"--output={path.parent / 'scores.csv'}"]
        commands.append([f"--model_dir={folder / 'run'}", "--skip_train", "--strict_data", *files])
    child = subprocess.run(
        [sys.executable, "-c", CHILD],
        input=json.dumps(commands),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert child.returncode == 0, child.stderr
    return dict(zip(CASES, json.loads(child.stdout), strict=True))


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_one_line_and_exit_code_2_before_tensorflow_loads(case, outcomes):
    code, errors = outcomes[case]
    words = TRAINING_FAULTS[case[1]][2] if case[0] == "train" else SCORING_FAULTS[case[1]][1]
    assert (code, errors.count("\n")) == (2, 1), errors
    assert words in errors
