"""Seconds and memory of a command that runs in a process of its own."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tools.errors import InputError
from tools.run.run_folder import RunFolder

ROOT = Path(__file__).resolve().parents[2]


class Cost(NamedTuple):
    """Seconds and peak memory, in MiB, of a process.

    Linux counts the memory of the process that started it, which shall be small, as its own.
    """

    seconds: float
    peak_mib: float


def cost_of(arguments: Sequence[str]) -> Cost:
    """Seconds and memory of Python with these arguments; its standard output is discarded.

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


def cost_of_run(**flags: Any) -> tuple[Mapping[str, float], Cost]:
    """Seconds of each part of a run of vae_run.py, from its manifest, and of the whole run.

    Args:
        **flags: Flags of the script, without the run folder, which is deleted.

    Raises:
        InputError: It did not end with code 0.
    """
    with tempfile.TemporaryDirectory() as folder:
        given = (f"--{name}={value}" for name, value in flags.items())
        cost = cost_of([str(ROOT / "vae_wgan" / "vae_run.py"), f"--model_dir={folder}", *given])
        return RunFolder(folder).manifest().timings, cost
