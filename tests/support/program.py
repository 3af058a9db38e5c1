"""Programs of this repository as processes: to their end, until a signal, or from scratch."""

import atexit
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path

from repository_sources import SUPPORT

LONGEST = 300  # seconds that a command may take


def environment() -> dict[str, str]:
    """The caller's environment with TensorFlow quiet, and no data sets to find."""
    return os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "WAIC_DATA_DIR": "no such folder"}


def call(command: Sequence[str]) -> subprocess.CompletedProcess:
    """Runs a command to its end, in a process that has TensorFlow from the start."""
    return _Process(command).end()


def call_from_scratch(command: Sequence[str], **options) -> subprocess.CompletedProcess:
    """Runs a command to its end as a shell does: slower, the way it starts is part of it."""
    return subprocess.run(
        command, env=environment(), capture_output=True, text=True, timeout=LONGEST, **options
    )


def kill_when(command: Sequence[str], is_time: Callable[[], bool], number=signal.SIGKILL) -> int:
    """Starts a command and sends it a signal as soon as it is time; its exit status.

    A command that ends before is left alone.
    """
    process = _Process(command)
    while not process.has_ended(within=0.0002) and not is_time():
        pass  # so often, because a file is being written for a millisecond or two
    process.send(number)
    return process.end().returncode


class _Process:
    """A command that has been started; one at a time."""

    def __init__(self, command: Sequence[str]):
        self._command = list(map(str, command))
        assert self._command[0] == sys.executable
        self._folder = tempfile.TemporaryDirectory()
        self._outputs = [str(Path(self._folder.name) / name) for name in ("stdout", "stderr")]
        request = {
            "arguments": self._command[1:],
            "folder": os.getcwd(),
            "environment": environment(),
            "outputs": self._outputs,
        }
        self._starter = _ready_process()
        self._starter.send_bytes(json.dumps(request).encode())
        self._number = int(self._starter.recv_bytes())

    def has_ended(self, within: float) -> bool:
        """Whether it ends within so many seconds."""
        return self._starter.poll(within)

    def send(self, number: int) -> None:
        """Sends it a signal, unless it has ended."""
        if not self.has_ended(within=0):
            with suppress(ProcessLookupError):
                os.kill(self._number, number)

    def end(self) -> subprocess.CompletedProcess:
        """Waits for its end."""
        in_time = self.has_ended(within=LONGEST)
        self.send(signal.SIGKILL)
        status = int(self._starter.recv_bytes())
        if not in_time:
            raise subprocess.TimeoutExpired(self._command, LONGEST)
        out, err = (Path(path).read_text("utf-8") for path in self._outputs)
        self._folder.cleanup()
        return subprocess.CompletedProcess(self._command, status, out, err)


@cache
def _ready_process() -> Connection:
    """The way to the process that starts commands; it ends with this one."""
    ours, its = Pipe()
    command = [sys.executable, str(SUPPORT / "ready_process.py"), str(its.fileno())]
    process = subprocess.Popen(command, env=environment(), pass_fds=[its.fileno()])
    its.close()
    atexit.register(lambda: (ours.close(), process.wait()))
    return ours
