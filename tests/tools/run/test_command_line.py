"""Exit codes and messages of the commands, and that none of it waits for TensorFlow."""

import dataclasses
import errno
import os
import signal
import subprocess
import sys
from functools import partial

import pytest

from processor_time import seconds_of_programs
from repository_sources import ROOT
from run_folder_fixture import write_run
from tools import __version__
from tools.errors import InputError
from tools.run.command_line import run_from_command_line
from tools.run.options import option

ENTRY_SCRIPTS = [*ROOT.glob("anomaly/*_run.py"), *ROOT.glob("vae_wgan/*_run.py")]
TENSORFLOW_LOADED = 99


@dataclasses.dataclass(frozen=True)
class Settings:
    preset: str = option("fast", "Sets the other defaults.")
    steps: int = option(10, "Training steps.", at_least=1)


def do_nothing(settings, given):
    pass


def exit_code(*arguments, run=do_nothing):
    with pytest.raises(SystemExit) as caught:
        run_from_command_line(
            Settings, run, description="Trains.", argv=["bin/a_run.py", *arguments]
        )
    return caught.value.code


def test_a_good_command_line_ends_in_one_call_and_no_exit():
    calls = []
    run_from_command_line(
        Settings, lambda *call: calls.append(call), description="", argv=["a", "--steps=3"]
    )
    assert calls == [(Settings(steps=3), {"steps"})]


@pytest.mark.parametrize("argument", ["--help", "-h", "--help=true"])
def test_help_shows_description_and_flags_and_is_no_error(argument, capsys):
    assert exit_code(argument) == 0
    out, err = capsys.readouterr()
    assert out.startswith("Trains.\n")
    assert "--steps=10\n      Training steps.\n" in out
    assert err == ""


@pytest.mark.parametrize(
    ("program", "shown"),
    [("/venv/bin/vae-run", "vae-run --a=1\n"), ("vae_run.py", "python vae_run.py --a=1\n")],
)
def test_help_shows_the_command_as_it_was_called(program, shown, capsys):
    description = "Trains.\n\npython vae_wgan/vae_run.py --a=1\n"
    with pytest.raises(SystemExit):
        run_from_command_line(
            Settings, do_nothing, description=description, argv=[program, "--help"]
        )
    assert f"\n{shown}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--steps=0"], "--steps=0: must be at least 1"),
        (["--steps=many"], "--steps=many: must be a whole number\n"),
        (["--help=many"], "--help=many: must be True or False\n"),
        (["--steps"], "steps"),
        (["--stepz=3"], "stepz"),
        (["steps=3"], "unexpected argument 'steps=3'; flags are written --name=value"),
        (["--steps=3", "more"], "'more'"),
        (["--steps=3", "--", "--help"], "'--help'"),
        (["--flagfile=no/such"], "no/such"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_code_2(arguments, words, capsys):
    assert exit_code(*arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("a_run.py: ")
    assert words in err
    assert err.count("\n") == 1
    assert err.endswith("\n")


def test_a_full_disk_is_one_line_and_code_2(capsys):
    def run(settings, given):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "runs/scores.npz")

    assert exit_code(run=run) == 2
    assert "runs/scores.npz: No space left on device" in capsys.readouterr().err


def test_wrong_input_found_later_is_one_line_too_whatever_a_file_is_called(capsys):
    def run(settings, given):
        raise InputError("new\nline.npz cannot be read")

    assert exit_code(run=run) == 2
    assert capsys.readouterr().err == "a_run.py: new line.npz cannot be read\n"


def test_an_interrupt_is_code_130_and_says_how_to_go_on(capsys):
    def run(settings, given):
        raise KeyboardInterrupt

    assert exit_code(run=run) == 130
    assert capsys.readouterr().err == (
        "Interrupted; the same command goes on from the last checkpoint.\n"
    )


@pytest.mark.parametrize("error", [KeyError("weights"), FileNotFoundError(2, "weights")])
def test_a_bug_keeps_its_traceback(error):
    def run(settings, given):
        raise error

    with pytest.raises(type(error), match="weights"):
        run_from_command_line(Settings, run, description="", argv=["a_run.py"])


def test_a_termination_is_code_143_and_says_how_to_go_on(capsys):
    def run(settings, given):
        os.kill(os.getpid(), signal.SIGTERM)

    assert exit_code(run=run) == 143
    assert capsys.readouterr().err == "Terminated; the same command goes on from what was saved.\n"


@pytest.fixture(scope="module")
def without_tensorflow(tmp_path_factory):
    """Starts Python with arguments where importing TensorFlow ends it with its own exit code."""
    folder = tmp_path_factory.mktemp("blocked")
    (folder / "tensorflow.py").write_text(f"import os\nos._exit({TENSORFLOW_LOADED})\n")
    environment = os.environ | {"PYTHONPATH": str(folder)}

    def start(*arguments):
        command = [sys.executable, *map(str, arguments)]
        return subprocess.run(command, env=environment, capture_output=True, text=True, cwd=folder)

    assert start("-c", "import tensorflow").returncode == TENSORFLOW_LOADED
    return start


@pytest.mark.parametrize("script", ENTRY_SCRIPTS, ids=lambda path: path.name)
def test_help_and_wrong_flags_need_no_tensorflow_and_little_time(script, without_tensorflow):
    shown = without_tensorflow(script, "--help")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "--train_dataset" in shown.stdout
    for argument in ("--train_dataset=mnits", "--max_steps=0", "--max_stepz=1"):
        refused = without_tensorflow(script, argument)
        assert refused.returncode == 2
        assert refused.stderr.count("\n") == 1
        assert argument.strip("-").partition("=")[0] in refused.stderr
    version = without_tensorflow(script, "--version")
    assert (version.stdout, version.stderr) == (f"{script.name} {__version__}\n", "")
    for argument in ("--help", "--version", "--train_dataset=mnits"):
        assert seconds_of_programs(partial(without_tensorflow, script, argument)) < 2


@pytest.mark.parametrize("script", ENTRY_SCRIPTS, ids=lambda path: path.name)
def test_the_status_needs_no_tensorflow_and_little_time(script, without_tensorflow, tmp_path):
    write_run(tmp_path / "run")
    arguments = (script, "--status", f"--model_dir={tmp_path / 'run'}")
    shown = without_tensorflow(*arguments)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.startswith(f"{tmp_path / 'run'}: finished\n")
    assert seconds_of_programs(partial(without_tensorflow, *arguments)) < 2
    refused = without_tensorflow(script, "--status", f"--model_dir={tmp_path}")
    assert refused.returncode == 2
    assert "holds no run" in refused.stderr
