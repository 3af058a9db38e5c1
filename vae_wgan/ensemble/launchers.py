"""Where the tasks of a run are done: in processes of this machine, or on a Ray cluster."""

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
    """Does tasks in other processes; which one does which task changes no result."""

    def share(self, value: Any) -> Any:
        """What to give to tasks in place of a large value that many of them take."""

    def run(self, function: Callable, tasks: Iterable[tuple]) -> Iterator[tuple[int, Any]]:
        """Number and result of each task, in the order in which they end.

        Args:
            function: Called as function(data, *task) with the data that the launcher was opened
                with; it can be imported by its name.
            tasks: The arguments; few of them wait at a time.

        Raises:
            InputError: A task raised it, or a process was lost more often than is allowed.
        """


def check_launcher(settings: LauncherSettings) -> None:
    """Raises InputError where the launcher is not installed, before anything is done for it."""
    if settings.launcher == "ray" and importlib.util.find_spec("ray") is None:
        raise InputError("--launcher=ray needs Ray: pip install '.[ray]'")


def open_launcher(
    settings: LauncherSettings, data: Any, folder: RunFolder
) -> AbstractContextManager[Launcher | None]:
    """The launcher of the settings, or None: all is done in this process.

    Args:
        settings: Of the run.
        data: First argument of all tasks.
        folder: Of the run; all machines must see it.
    """
    if settings.launcher == "ray":
        return ray_launcher(settings, data, folder)
    if settings.members_at_once > 1:
        return process_launcher(settings, data)
    return nullcontext()
