"""Keeps the notes that TensorFlow writes while it is imported out of a run's messages.

TF_CPP_MIN_LOG_LEVEL does not: they are written before TensorFlow has read it. A process of its own,
this file, passes everything else on line by line, so that not even a crash of the import is silent.
"""

import importlib.util
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import BinaryIO

LOG_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
NOTES = (
    b"WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
    b"oneDNN custom operations are on.",
    b"Could not find cuda drivers on your machine",
    b"This TensorFlow binary is optimized to use available CPU instructions",
    b"To enable the following instructions:",
)


def silence_tensorflow() -> None:
    """Has TensorFlow, once something imports it, write no notes about this machine.

    A person who wants them sets TF_CPP_MIN_LOG_LEVEL=0.
    """
    if os.environ.setdefault(LOG_LEVEL, "3") != "0" and "tensorflow" not in sys.modules:
        sys.meta_path.insert(0, _SilentImport())


@contextmanager
def without_notes() -> Iterator[None]:
    """Standard error of this process, C++ libraries included, but for TensorFlow's notes."""
    command = [sys.executable, "-I", "-S", __file__]
    passing_on = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
    assert passing_on.stdin is not None  # a pipe
    sys.stderr.flush()
    standard_error = os.dup(2)
    os.dup2(passing_on.stdin.fileno(), 2)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(standard_error, 2)
        os.close(standard_error)
        passing_on.stdin.close()
        with suppress(subprocess.TimeoutExpired):  # a process that was started meanwhile writes on
            passing_on.wait(timeout=5)


def pass_on(source: BinaryIO, target: BinaryIO) -> None:
    """Copies lines as they come, but for the notes."""
    for line in iter(source.readline, b""):
        if not any(note in line for note in NOTES):
            target.write(line)
            target.flush()


class _SilentImport(MetaPathFinder):
    """Finds TensorFlow once, as the finders after it do, and imports it without its notes."""

    def find_spec(
        self, fullname: str, path: object = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != "tensorflow":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec and spec.loader:
            execute = spec.loader.exec_module

            def execute_without_notes(module: ModuleType) -> None:
                with without_notes():
                    execute(module)

            # On this loader alone, which is used once.
            spec.loader.exec_module = execute_without_notes  # type: ignore[method-assign]
        return spec


if __name__ == "__main__":
    with suppress(BrokenPipeError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        pass_on(sys.stdin.buffer, sys.stderr.buffer)
