"""Launchers of a run's tasks: in processes of this machine, or on a Ray cluster."""

import importlib.util
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

from tools.errors import InputError
from tools.run.run_folder import RunFolder
from vae_wgan.ensemble.process_launcher import process_launcher
from vae_wgan.ensemble.ray_launcher import ray_launcher
from vae_wgan.settings.launcher_settings import LauncherSettings


class Launcher(Protocol):
    """Runs tasks in other processes; results do not depend on which process runs which task."""

    def share(self, value: Any) -> Any:
        """A handle to pass to tasks instead of a large value that many of them take."""

    def run(self, function: Callable, tasks: Iterable[tuple]) -> Iterator[tuple[int, Any]]:
        """Yields the number and result of each task, in the order in which they end.

        Args:
            function: Called as function(data, *task), with the data that the launcher was opened
                with; a function of a module, not a lambda.
            tasks: Arguments of each task, read lazily.

        Raises:
            InputError: A task raised it, or a process was lost more often than may be retried.
        """


def check_launcher(settings: LauncherSettings) -> None:
    """Raises InputError if the launcher is not installed."""
    if settings.launcher == "ray" and importlib.util.find_spec("ray") is None:
        raise InputError("--launcher=ray needs Ray: pip install '.[ray]'")


def open_launcher(
    settings: LauncherSettings, data: Any, folder: RunFolder
) -> AbstractContextManager[Launcher | None]:
    """The launcher that the settings name; None: the run needs this process only.

    Args:
        settings: The run's settings; `launcher` and `members_at_once` decide.
        data: First argument of all tasks.
        folder: The run folder, on storage that all machines share.
    """
    if settings.launcher == "ray":
        return ray_launcher(settings, data, folder)
    if settings.members_at_once > 1:
        return process_launcher(settings, data)
    return nullcontext()
