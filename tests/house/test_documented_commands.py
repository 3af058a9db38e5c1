"""Every command of the README and of docs/ exists and takes its flags; slow: each of them runs."""

import itertools
import os
import re
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
    "vae_wgan/anomaly_run.py": ("--preset=smoke", "--bootstrap=20", f"--data_dir={DATA}"),
    "anomaly/NNclassifier.py": ("--max_epochs=1", f"--data_dir={DATA}"),
    "tools.analysis": ("--bootstrap=20",),
    "scripts/fuzz.py": ("--mutants=2",),
    "scripts/mutate.py": ("--count=1",),
    "scripts/check_digits.py": ("--count=20", "--epochs=1", f"--data_dir={DATA}"),
}
FOREIGN = {"ray", "tensorboard"}
COMMANDS = documented_commands()
OURS = sorted(
    {tuple(words) for words in itertools.chain(*COMMANDS.values()) if words[0] not in FOREIGN}
)


def run(words, *more, folder, **options):
    """Runs a command as from the root of the checkout, with other files where it writes."""
    program = words[1:3] if words[1] == "-m" else [str(ROOT / words[1])]
    arguments = words[len(program) + 1 :]
    return subprocess.run(
        [sys.executable, *program, *arguments, *more],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        text=True,
        check=False,
        **options,
    )


def _program(words):
    return words[2] if words[1] == "-m" else words[1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A current folder with the files of their own that the commands name."""
    folder = tmp_path_factory.mktemp("documented")
    (folder / "photos").mkdir()
    for number, image in enumerate(bars(60)):
        Image.fromarray(image).save(folder / "photos" / f"{number}.png")
    np.savez(folder / "scans.npz", x=bars(25, seed=2).swapaxes(1, 2))
    table = made_up_table().replace({"Class": {"good": 0, "bad": 1}})
    table.to_csv(folder / "own.csv", index=False)
    names = ["Time", *(f"V{number}" for number in range(1, 29)), "Amount", "Class"]
    rows = np.random.default_rng(0).random((20, len(names)))
    pd.DataFrame(rows, columns=names).to_csv(folder / "new.csv", index=False)
    return folder


def test_the_pages_show_commands():
    assert {"README.md", "cluster.md", "performance.md"} <= COMMANDS.keys()
    assert sum(map(len, COMMANDS.values())) > 30


@pytest.mark.parametrize("words", OURS, ids=" ".join)
def test_a_command_takes_its_flags(words, folder):
    program = words[1]
    if words[0] == "bash":
        assert (ROOT / program).is_file()
        return
    assert words[0] == "python"
    if program in INSTALLED.values():  # goes through all checks of the settings
        result = run(words, "--status", folder=folder, capture_output=True)
        assert result.returncode == 0 or "holds no run" in result.stderr, result.stderr
        return
    # Of several wrong flags an argument parser names each.
    result = run(words, "--no_such_flag=1", folder=folder, capture_output=True)
    assert result.returncode == 2
    assert "no_such_flag" in result.stderr
    flags = [word.split("=")[0] for word in words[2:] if word.startswith("--")]
    assert not any(flag in result.stderr.splitlines()[-1] for flag in flags), result.stderr


def test_the_tests_that_pages_name_exist():
    pages = (page.read_text("utf-8") for page in (ROOT / "docs").glob("*.md"))
    named = set(re.findall(r"`(?:tests/)?(test_\w+\.py)(?:::(\w+))?`", "\n".join(pages)))
    assert len(named) > 20
    sources = {path.rpartition("/")[2]: text for path, text in repository_sources().items()}
    for file, test in sorted(named):
        assert f"def {test}" in sources[file], f"{file}::{test}"


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
        result = run(
            words, *SMALLER[_program(words)], folder=folder, capture_output=True, timeout=900
        )
        assert result.returncode == 0, f"{' '.join(words)}\n{result.stderr}"
    assert (folder / "scores.csv").is_file()
    assert (folder / "runs" / "mnist" / "analysis" / "altered.csv").is_file()
