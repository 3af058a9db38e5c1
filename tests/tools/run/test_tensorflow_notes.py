"""What TensorFlow writes while it is imported is left out of a run's messages, and nothing else."""

import io
import os
import subprocess
import sys

import pytest

from repository_sources import ROOT
from tools.run.tensorflow_notes import NOTES, pass_on

STAND_IN = """
import os, sys
os.write(2, b"I0000 port.cc:153] oneDNN custom operations are on. You may see\\n")
os.write(2, b"E0000 something real\\n")
sys.stderr.write("a warning of Python's\\n")
{}
"""
START = "from tools.run.tensorflow_notes import silence_tensorflow as silence; silence(); {}"


@pytest.fixture
def start(tmp_path):
    """Runs code after the import of a stand-in for TensorFlow that ends with a line of its own."""

    def start(code, last_line="", **variables):
        (tmp_path / "tensorflow.py").write_text(STAND_IN.format(last_line))
        paths = os.pathsep.join([str(tmp_path), str(ROOT)])
        environment = os.environ | {"PYTHONPATH": paths} | variables
        command = [sys.executable, "-c", START.format(code)]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)

    return start


def test_only_the_notes_are_left_out():
    lines = [b"first\n", *(b"I0000 x.cc:1] " + note + b" and more\n" for note in NOTES), b"last"]
    target = io.BytesIO()
    pass_on(io.BytesIO(b"".join(lines)), target)
    assert target.getvalue() == b"first\nlast"


def test_an_import_writes_all_but_its_notes_and_later_lines_come_after(start):
    result = start("import tensorflow; import os; os.write(2, b'oneDNN custom operations are on.')")
    assert result.stderr.splitlines() == [
        "E0000 something real",
        "a warning of Python's",
        "oneDNN custom operations are on.",
    ]


def test_an_import_that_fails_keeps_its_traceback(start):
    result = start("import tensorflow", "import no_such_library")
    assert result.returncode == 1
    assert "E0000 something real" in result.stderr
    assert result.stderr.endswith("No module named 'no_such_library'\n")


def test_an_import_that_crashes_keeps_its_last_words(start):
    result = start("import tensorflow", "os.write(2, b'F0000 needs AVX\\n'); os.abort()")
    assert result.returncode < 0
    assert "F0000 needs AVX" in result.stderr


def test_a_person_who_wants_the_notes_gets_them(start):
    assert "oneDNN" in start("import tensorflow", TF_CPP_MIN_LOG_LEVEL="0").stderr


def test_tensorflow_itself_is_imported_in_silence(tmp_path):
    code = START.format("import tensorflow as tf; tf.constant(1) + 1")
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    result = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=200
    )
    assert (result.returncode, result.stderr) == (0, "")
