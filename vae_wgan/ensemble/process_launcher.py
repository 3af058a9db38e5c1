"""Runs tasks in processes of this machine, several at once.

The pool is `concurrent.futures.ProcessPoolExecutor` with the bounded queue of `task_window`.
joblib's unordered generator would keep all results in memory: it starts every task while the
reader of the results is busy (40 of 40 in three seconds, measured with joblib 1.6).
"""

import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any

from tools.errors import InputError
from tools.run.tensorflow_notes import silence_tensorflow
from vae_wgan.ensemble.task_window import completed
from vae_wgan.settings.launcher_settings import LauncherSettings

_LOG = logging.getLogger(__name__)
_worker: dict[str, Any] = {}  # in a process of the pool: its copy of the shared data


class ProcessLauncher:
    """Runs tasks in the processes of a pool; see `Launcher` in launchers.py."""

    def __init__(self, pool: ProcessPoolExecutor, at_once: int):
        """Takes the pool and the number of its processes."""
        self._pool = pool
        self._at_once = at_once

    def share(self, value: Any) -> Any:
        """Returns the value itself: each task gets a copy."""
        return value

    def run(self, function: Callable, tasks: Iterable[tuple]) -> Iterator[tuple[int, Any]]:
        """Yields the number and the result of each task as it ends."""
        try:
            yield from completed(
                lambda *arguments: self._pool.submit(_work, function, *arguments),
                tasks,
                limit=2 * self._at_once,
            )
        except BrokenProcessPool as error:
            raise InputError(
                f"--members_at_once={self._at_once}: the process of a member was killed, perhaps"
                " for want of memory; the same command goes on from the last checkpoints, fewer"
                " members at once need less"
            ) from error


@contextmanager
def process_launcher(settings: LauncherSettings, data: Any) -> Iterator[ProcessLauncher]:
    """A launcher whose processes live as long as the context, and no longer than this process.

    Args:
        settings: Number of processes, and threads of each.
        data: First argument of all tasks; each process gets a copy when it starts.
    """
    at_once, threads, cores = (
        settings.members_at_once,
        settings.cpus_per_member,
        os.cpu_count() or 1,
    )
    if at_once * threads > cores:
        _LOG.warning(
            "--members_at_once=%d with --cpus_per_member=%d: more threads than the %d cores here",
            at_once,
            threads,
            cores,
        )
    others = set(multiprocessing.active_children())
    # Spawned: a fork of a process in which TensorFlow runs would hang.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(at_once, context, _begin, (data,))
    try:
        yield ProcessLauncher(pool, at_once)
    except BaseException:
        for process in set(multiprocessing.active_children()) - others:
            process.terminate()  # the next start resumes its member from the last checkpoint
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _begin(data: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent process handles Ctrl-C
    threading.Thread(target=_end_with_parent, daemon=True).start()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    silence_tensorflow()
    _worker["data"] = data


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None  # this is a process of the pool
    parent.join()
    os._exit(1)


def _work(function: Callable, *arguments: Any) -> Any:
    return function(_worker["data"], *arguments)
