"""Waiting time for `--help`, and from the command to the first training step."""

import argparse
import os
import pty
import re
import signal
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from scripts.benchmarks.child_process import cost_of
from scripts.benchmarks.figure import Figure, interleaved_medians
from tools.errors import InputError
from tools.run.training_history import read_history

SCRIPTS = ("vae_run", "wgan_run", "anomaly_run")
FOLDER = Path(__file__).resolve().parents[2] / "vae_wgan"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of this part."""
    parser.add_argument(
        "--help_only", action="store_true", help="measure --help only; nothing is trained"
    )


def figures(options: argparse.Namespace) -> Iterator[Figure]:
    """Seconds until the help is there, and until the first step of `--preset=fast`.

    First without anything that was compiled before, then going on from a checkpoint, then as a new
    run; the last two find what the first has compiled in the user's cache.
    """
    contestants = {name: partial(_help_seconds, name) for name in SCRIPTS}
    for name, seconds in interleaved_medians(contestants, options.repeats).items():
        yield Figure(f"start.{name}.help", seconds, "s")
    if not options.help_only:
        yield from first_steps(FOLDER / "vae_run.py", options)


def _help_seconds(script: str) -> float:
    return cost_of([str(FOLDER / f"{script}.py"), "--help"]).seconds


def first_steps(script: Path, options: argparse.Namespace) -> Iterator[Figure]:
    """Seconds until the first step of runs of the script: new, resumed, and new once more."""
    values = {"first": [], "resumed": [], "again": []}
    for _ in range(options.repeats):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder)
            flags = [f"--data_dir={options.data_dir}", f"--seed={options.seed}"]
            run, other = path / "run", path / "other"
            with _training(script, run, [*flags, "--viz_steps=1"]) as bar:
                values["first"].append(bar.seconds_until(1))
                bar.seconds_until(2)  # the checkpoint of step 1 is saved by then
            saved = read_history(run / "0" / "history.jsonl")[-1]["step"]
            with _training(script, run, flags) as bar:
                values["resumed"].append(bar.seconds_until(saved + 1))
            with _training(script, other, flags) as bar:
                values["again"].append(bar.seconds_until(1))
    for name, seconds in values.items():
        yield Figure(f"start.{name}", sorted(seconds)[len(seconds) // 2], "s to the first step")


@contextmanager
def _training(script: Path, run: Path, flags: Sequence[str]) -> Iterator["ProgressBar"]:
    """A run of `--preset=fast` that is interrupted at the end of the block.

    Args:
        script: The entry script.
        run: Folder of the run; beside it lies the user's cache.
        flags: Beside that of the run's folder.
    """
    command = [sys.executable, str(script), f"--model_dir={run}", *flags]
    # An empty TQDM_DISABLE shows the bar, whatever this process was told.
    environment = os.environ | {"XDG_CACHE_HOME": str(run.parent / "cache"), "TQDM_DISABLE": ""}
    terminal, end = pty.openpty()  # the bar is shown to terminals only,
    termios.tcsetwinsize(end, (24, 80))  # and is as wide as they are
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=end,
        env=environment,
        # A shell starts background processes with interrupts ignored.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    os.close(end)
    try:
        yield ProgressBar(terminal, started)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()
        os.close(terminal)


class ProgressBar:
    """Progress bar of a running training, read from its terminal."""

    def __init__(self, terminal: int, started: float):
        """Takes the terminal's file descriptor, and when the command was started."""
        self._terminal, self._started, self._text = terminal, started, ""

    def seconds_until(self, step: int) -> float:
        """Seconds from the command to this step of the first member.

        Raises:
            InputError: The command ended before.
        """
        while step > max(self._steps(), default=0):
            try:
                read = os.read(self._terminal, 1024)
            except OSError:  # Linux reports that no process has the terminal open any more
                read = b""
            if not read:
                end = self._text[-500:]
                raise InputError(f"the training ended before step {step}: {end}")
            self._text += read.decode(errors="replace")
        return time.perf_counter() - self._started

    def _steps(self) -> list[int]:
        found = re.findall(r"step ([\d,]+) of", self._text)
        return [int(number.replace(",", "")) for number in found]
