"""Every command of the README and of docs/ exists and takes its flags; slow: each of them runs."""

import ast
import importlib
import itertools
import os
import re
import runpy
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from documented_commands import INSTALLED, documented_commands
from repository_sources import ROOT, repository_sources
from tiny_run import bars, made_up_table

DATA = ROOT.parent / "shared" / "data"
ON_IMAGES = (
    "--preset=smoke",
    "--max_steps=20",
    "--viz_steps=10",
    "--batch_size=8",
    "--base_depth=2",
    "--eval_size=40",
    "--bootstrap=20",
    "--compile=False",
    f"--data_dir={DATA}",
)
# What makes a command of each program short. Benchmarks, examples and reproduce.py, which take
# long even so, have tests of their own.
SMALLER = {
    "vae_wgan/vae_run.py": ON_IMAGES,
    "vae_wgan/wgan_run.py": (*ON_IMAGES, "--extra_steps=10"),
    "vae_wgan/denoiser_run.py": ON_IMAGES,
    "vae_wgan/anomaly_run.py": ("--preset=smoke", "--bootstrap=20", f"--data_dir={DATA}"),
    "anomaly/NNclassifier.py": ("--max_epochs=1", f"--data_dir={DATA}"),
    "tools.analysis": ("--bootstrap=20",),
    "scripts/fuzz.py": ("--mutants=2",),
    "scripts/mutate.py": ("--count=1",),
    "scripts/check_digits.py": ("--count=20", "--epochs=1", f"--data_dir={DATA}"),
}
FOREIGN = {"curl", "pip", "ray", "tensorboard"}
COMMANDS = documented_commands()
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
OURS = sorted(
    {tuple(words) for words in itertools.chain(*COMMANDS.values()) if words[0] not in FOREIGN}
)


@pytest.fixture
def refusal(folder, monkeypatch, capsys):
    """Runs a command that ends at its flags, in this process: exit status and standard error."""

    def run(words):
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "path", ["", *sys.path])
        is_module = words[1] == "-m"
        monkeypatch.setattr(sys, "argv", list(words[2:] if is_module else words[1:]))
        status = 0
        try:
            if is_module:
                if not hasattr(sys.modules.get(words[2]), "__path__"):  # runpy warns of it
                    monkeypatch.delitem(sys.modules, words[2], raising=False)
                runpy.run_module(words[2], run_name="__main__", alter_sys=True)
            else:
                runpy.run_path(str(ROOT / words[1]), run_name="__main__")
        except SystemExit as end:
            status = end.code
        return status, capsys.readouterr().err

    return run


def _program(words):
    return words[2] if words[1] == "-m" else words[1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A current folder with the files of their own that the commands name."""
    folder = tmp_path_factory.mktemp("documented")
    for name, count in {"photos": 60, "new_folder": 3}.items():
        (folder / name).mkdir()
        for number, image in enumerate(bars(count)):
            Image.fromarray(image).save(folder / name / f"{number}.png")
    np.savez(folder / "scans.npz", x=bars(25, seed=2).swapaxes(1, 2))
    table = made_up_table().replace({"Class": {"good": 0, "bad": 1}})
    table.to_csv(folder / "own.csv", index=False)
    names = ["Time", *(f"V{number}" for number in range(1, 29)), "Amount", "Class"]
    rows = np.random.default_rng(0).random((20, len(names)))
    pd.DataFrame(rows, columns=names).to_csv(folder / "new.csv", index=False)
    return folder


def test_the_pages_show_commands():
    assert {"README.md", "get_started.md", "own_tables.md", "cluster.md"} <= COMMANDS.keys()
    assert sum(map(len, COMMANDS.values())) > 30


@pytest.mark.parametrize("words", OURS, ids=" ".join)
def test_a_command_takes_its_flags(words, refusal):
    program = words[1]
    if words[0] == "bash":
        assert (ROOT / program).is_file()
        return
    assert words[0] == "python"
    if program in INSTALLED.values():  # goes through all checks of the settings
        status, errors = refusal([*words, "--status"])
        assert not status or "holds no run" in errors, errors
        return
    # Of several wrong flags an argument parser names each.
    status, errors = refusal([*words, "--no_such_flag=1"])
    assert status == 2
    assert "no_such_flag" in errors or "arguments are required" in errors
    flags = [word.split("=")[0] for word in words[2:] if word.startswith("--")]
    assert not any(flag in errors.splitlines()[-1] for flag in flags), errors


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_of_a_page_imports_what_there_is(page):
    for code in re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL):
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.ImportFrom):
                # Of the installed package it is the part that a checkout calls anomaly.
                name = node.module.replace("generative_ensembles", "anomaly")
                assert all(hasattr(importlib.import_module(name), a.name) for a in node.names)


def test_the_extras_that_pages_install_exist():
    named = set(
        re.findall(r"pip install '\.\[(\w+)\]'", "".join(p.read_text("utf-8") for p in PAGES))
    )
    assert named >= {"gpu", "ray"}
    setup = (ROOT / "setup.py").read_text("utf-8")
    assert all(f'        "{extra}": [' in setup for extra in named)


def test_the_tests_that_pages_name_exist():
    pages = "\n".join(page.read_text("utf-8") for page in PAGES)
    named = set(re.findall(r"`(?:tests/[\w/]*)?(test_\w+\.py)(?:::(\w+))?`", pages))
    assert len(named) > 20
    sources = {path.rpartition("/")[2]: text for path, text in repository_sources().items()}
    for file, test in sorted(named):
        assert f"def {test}" in sources.get(file, ""), f"{file}::{test}"


@pytest.mark.slow
def test_the_commands_run_one_after_another(folder):
    if not DATA.is_dir():
        pytest.skip("the data sets are not beside the checkout")
    wanted = [
        words
        for words in itertools.chain(*COMMANDS.values())
        if _program(words) in SMALLER
        and not any("HEAD" in word or "mine" in word for word in words)
    ]
    assert len(wanted) > 15
    for words in wanted:
        program = words[1:] if words[1] == "-m" else [str(ROOT / words[1]), *words[2:]]
        result = subprocess.run(
            [sys.executable, *program, *SMALLER[_program(words)]],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=900,
        )
        assert result.returncode == 0, f"{' '.join(words)}\n{result.stderr}"
    assert (folder / "scores.csv").is_file()
    assert (folder / "runs" / "mnist" / "analysis" / "altered.csv").is_file()
