"""What a command takes: seconds and memory of a process of its own."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tools.errors import InputError

ROOT = Path(__file__).resolve().parents[2]


class Cost(NamedTuple):
    """Seconds that a process took, and its highest memory in MiB.

    Linux counts the memory of the process that started it, which shall be small, as its own.
    """

    seconds: float
    peak_mib: float


def cost_of(arguments: Sequence[str]) -> Cost:
    """What Python takes with these arguments; its standard output is thrown away.

    Raises:
        InputError: It did not end with code 0.
    """
    command = [sys.executable, *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}  # for `-m`: this checkout's modules
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise InputError(f"{' '.join(command)} ended with code {process.returncode}; see above")
    return Cost(seconds, usage.ru_maxrss / 1024)
