"""The command line of anomaly/NNclassifier.py; nothing of it waits for TensorFlow."""

import subprocess
import sys
from functools import partial

import pytest

from anomaly.NNclassifier import ClassifierSettings
from input_errors import message_of
from processor_time import seconds_of_programs
from repository_sources import ROOT


def call(*arguments):
    script = str(ROOT / "anomaly" / "NNclassifier.py")
    return subprocess.run([sys.executable, script, *arguments], capture_output=True, text=True)


def test_help_tells_the_flags():
    done = call("--help")
    assert done.returncode == 0
    assert "--dropout=0.3" in done.stdout
    assert seconds_of_programs(partial(call, "--help")) < 2


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("--dropout=1", "--dropout=1.0: must be below 1"),
        ("--seeds=1", "seeds"),
        ("--model_dir=no such run", "no such run"),
    ],
)
def test_a_bad_flag_is_one_line_and_exit_code_2(argument, words):
    done = call(argument)
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_dropout_of_everything_is_refused():
    assert "--dropout" in message_of(ClassifierSettings, dropout=1.0)


def test_the_folder_of_the_data_is_the_variables(monkeypatch):
    monkeypatch.setenv("WAIC_DATA_DIR", "there")
    assert ClassifierSettings().data_dir == "there"
