"""Whole commands killed at many moments, some of them inside the writing of a file: slow."""

import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from finished_runs import write_inputs
from program import call, kill_when
from tiny_run import tiny_command, tiny_table_command, tiny_wgan_command

MOMENTS, LEAST_INSIDE = 20, 4
COMMANDS = {"vae": tiny_command, "wgan": tiny_wgan_command, "table": tiny_table_command}
LAST_STEPS = {"vae": 12, "wgan": 7, "table": 60}


def result_of(run: Path, last_step: int) -> dict[str, bytes]:
    """Weights, score files and metrics by path: what must not differ."""
    wanted = [
        *run.glob(f"*/checkpoint-*{last_step}.npz"),
        *run.glob("scores/*.npz"),
        *run.glob("ensemble_scores/*/*.npz"),
        run / "analysis" / "metrics.csv",
    ]
    return {path.relative_to(run).as_posix(): path.read_bytes() for path in wanted}


def half_written(run: Path) -> set[Path]:
    """Files that are being written, or were when a process, named in them, was killed."""
    return set(run.rglob(".*.partial"))


def moment(run: Path, random: np.random.Generator) -> Callable[[], bool]:
    """When to kill: after some changes of files, and half of the times inside the next one."""
    changes, delay = int(random.integers(1, 40)), random.uniform(0, 0.3)
    inside = bool(random.integers(2))
    before, end = _changes(run), None

    def is_time() -> bool:
        nonlocal before, changes, end
        now = _changes(run)
        changes -= now != before
        before = now
        if changes > 0:
            return False
        end = end or time.perf_counter() + delay
        return bool(half_written(run)) if inside else time.perf_counter() > end

    return is_time


def _changes(run: Path) -> set[tuple[str, int]]:
    """The files by name and time: it differs after each change."""
    with suppress(FileNotFoundError):  # a half-written file is there for a millisecond
        return {(str(path), path.stat().st_mtime_ns) for path in run.rglob("*")}
    return set()


@pytest.mark.slow
@pytest.mark.parametrize("kind", COMMANDS)
def test_a_run_killed_at_twenty_moments_ends_with_the_same_bytes(kind, tmp_path):
    write_inputs(tmp_path)
    make_command, last_step = COMMANDS[kind], LAST_STEPS[kind]
    assert call(make_command(tmp_path, model_dir="undisturbed")).returncode == 0
    wanted = result_of(tmp_path / "undisturbed", last_step)
    assert len(wanted) >= 6

    random = np.random.default_rng(0)
    kills = inside = runs = 0
    while kills < MOMENTS or inside < LEAST_INSIDE:
        run = tmp_path / f"run-{runs}"
        command = make_command(tmp_path, model_dir=run.name)
        number = signal.SIGTERM if kills % 5 == 4 else signal.SIGKILL
        before = half_written(run)
        status = kill_when(command, moment(run, random), number)
        if status == 0:  # it came to its end before
            assert result_of(run, last_step) == wanted
            runs += 1
            continue
        assert status == (143 if number == signal.SIGTERM else -signal.SIGKILL)
        kills += 1
        inside += bool(half_written(run) - before)
    sys.stdout.write(f"{kind}: {kills} kills, {inside} of them inside a file\n")
    result = call(command)
    assert result.returncode == 0, result.stderr
    assert result_of(run, last_step) == wanted
