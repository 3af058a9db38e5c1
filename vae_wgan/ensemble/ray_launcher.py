"""Runs tasks on a Ray cluster, which retries a task whose process or machine is lost."""

import logging
import os
import secrets
import signal
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tools.errors import InputError
from tools.files.whole_files import write_text
from tools.run.kernels import kernel_choice
from tools.run.run_folder import RunFolder
from tools.run.software_versions import package_versions
from vae_wgan.ensemble.task_window import completed
from vae_wgan.settings.launcher_settings import LauncherSettings

_LOG = logging.getLogger(__name__)


class RayLauncher:
    """Runs tasks on the cluster that this process is connected to.

    Args:
        settings: The run's settings: resources per member and retries of a task.
        data: First argument of all tasks.
        places: Number of tasks that the cluster can run at once.
    """

    def __init__(self, settings: LauncherSettings, data: Any, places: int):
        """Sends the data to the cluster."""
        import ray

        self._ray = ray
        self._data = ray.put(data)
        self._limit = 2 * places
        # max_calls: by default Ray ends a process after each GPU task, and models are built anew.
        self._work = ray.remote(
            max_calls=0, max_retries=settings.task_retries, **_resources(settings)
        )(_work)

    def share(self, value: Any) -> Any:
        """A reference to the value in the cluster's memory; each machine fetches it once."""
        return self._ray.put(value)

    def run(self, function: Callable, tasks: Iterable[tuple]) -> Iterator[tuple[int, Any]]:
        """Yields the number and result of each task as it ends; see `Launcher`."""

        def submit(*arguments: Any) -> Any:
            return self._work.remote(function, self._data, *arguments).future()

        try:
            yield from completed(submit, tasks, self._limit)
        except self._ray.exceptions.RayTaskError as error:
            if isinstance(error.cause, InputError | OSError):
                raise error.cause from None
            raise
        except self._ray.exceptions.RayError as error:
            raise InputError(
                f"--launcher=ray: a task was lost ({type(error).__name__}) more often than"
                " --task_retries; the same command goes on from the last checkpoints"
            ) from error


@contextmanager
def ray_launcher(settings: LauncherSettings, data: Any, folder: RunFolder) -> Iterator[RayLauncher]:
    """A launcher on the cluster at `launcher_address`; if empty, starts Ray for this context.

    Raises:
        InputError: The cluster does not answer, no node has room for a member, or a node does not
            see the run folder or has other versions of packages.
    """
    _connect(settings.launcher_address)
    import ray

    try:
        nodes = _checked_nodes(_nodes_with_room(settings), folder)
        places = sum(_places(node["Resources"], settings) for node in nodes)
        _LOG.info("Ray: %d nodes, %d members at once", len(nodes), places)
        yield RayLauncher(settings, data, places)
    finally:
        ray.shutdown()


def _connect(address: str) -> None:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # no usage reports to Ray's developers
    import ray

    checkout = Path(__file__).resolve().parents[len(__package__.split("."))]
    environment = {"PYTHONPATH": f"{checkout}:${{PYTHONPATH}}", **kernel_choice()}
    options = {
        "logging_level": logging.ERROR,
        "log_to_driver": False,
        "runtime_env": {"env_vars": environment},
    }
    # "local": by default Ray would join a cluster that runs on this machine.
    options |= {"address": address} if address else {"address": "local", "include_dashboard": False}
    on_sigterm = signal.getsignal(signal.SIGTERM)
    try:
        _knock(address)
        ray.init(**options)
    except (OSError, RuntimeError, ValueError) as error:
        raise InputError(
            f"--launcher_address={address}: no Ray cluster answers ({error}); start one with"
            " `ray start --head`, or leave the flag out"
        ) from error
    signal.signal(signal.SIGTERM, on_sigterm)  # Ray has replaced it


def _knock(address: str) -> None:
    """Raises OSError if no server listens at the address; Ray itself would try for minutes."""
    host, colon, port = address.removeprefix("ray://").partition(":")
    if colon:
        socket.create_connection((host, int(port)), timeout=20).close()


def _resources(settings: LauncherSettings) -> dict[str, float]:
    return {"num_cpus": settings.cpus_per_member, "num_gpus": settings.gpus_per_member}


def _places(resources: Mapping[str, float], settings: LauncherSettings) -> int:
    """Number of members that a node can run at once."""
    places = int(resources.get("CPU", 0) // settings.cpus_per_member)
    if settings.gpus_per_member:
        places = min(places, int(resources.get("GPU", 0) // settings.gpus_per_member))
    return places


def _nodes_with_room(settings: LauncherSettings) -> Sequence[Mapping[str, Any]]:
    import ray

    nodes = [node for node in ray.nodes() if node["Alive"]]
    found = [node for node in nodes if _places(node["Resources"], settings)]
    if not found:
        held = "; ".join(
            f"{node['NodeManagerAddress']} has {node['Resources'].get('CPU', 0):g} CPUs and "
            f"{node['Resources'].get('GPU', 0):g} GPUs"
            for node in nodes
        )
        wanted = f"{settings.cpus_per_member} CPUs and {settings.gpus_per_member:g} GPUs"
        raise InputError(
            f"--cpus_per_member, --gpus_per_member: no node has {wanted} for a member; {held}"
        )
    return found


def _checked_nodes(
    nodes: Sequence[Mapping[str, Any]], folder: RunFolder
) -> Sequence[Mapping[str, Any]]:
    """The nodes that are still in the cluster.

    Raises:
        InputError: A node does not share the run folder, has other versions of packages, or all
            nodes have left.
    """
    token = secrets.token_hex(8)
    # *.partial: the run folder takes it for an unfinished file.
    question = folder.path.absolute() / f".question-{token}.partial"
    write_text(question, token)
    try:
        found = [node for node in nodes if _is_there_and_fit(node, question, token)]
    finally:
        question.unlink(missing_ok=True)
    if not found:
        raise InputError("--launcher=ray: all nodes have left the cluster")
    return found


def _is_there_and_fit(node: Mapping[str, Any], question: Path, token: str) -> bool:
    """False if the node has left the cluster; raises InputError if it could not run a member."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    name = node["NodeManagerAddress"]
    strategy = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
    answer = ray.remote(scheduling_strategy=strategy, num_cpus=0)(_answer)
    try:
        seen, versions = ray.get(answer.remote(question, token))
    except (ray.exceptions.TaskUnschedulableError, ray.exceptions.NodeDiedError):
        # Ray lists a lost node for some seconds.
        _LOG.warning("Ray: node %s has left the cluster", name)
        return False
    except ray.exceptions.RayError as error:
        last_line = str(error).strip().splitlines()[-1]
        raise InputError(
            f"--launcher=ray: node {name} cannot run this project ({last_line}); install it"
            " there too, in the same environment"
        ) from error
    _refuse_other_storage(seen, question.with_name(f".answer-{token}.partial"), name)
    _refuse_other_packages(versions, name)
    return True


def _answer(question: Path, token: str) -> tuple[bool, dict[str, str]]:
    """Runs on a node: whether it sees the question file, and its versions of packages.

    A node that sees the question writes an answer file beside it.
    """
    seen = question.is_file() and question.read_text("utf-8") == token
    if seen:
        write_text(question.with_name(f".answer-{token}.partial"), token)
    return seen, package_versions()


def _refuse_other_storage(seen: bool, answer: Path, name: str) -> None:
    try:
        answer.unlink()
    except FileNotFoundError as error:
        way = "written there is not seen here" if seen else "written here is not seen there"
        raise InputError(
            f"--model_dir={answer.parent}: what is {way} on node {name}; use a folder on storage"
            " that all nodes share under one path"
        ) from error


def _refuse_other_packages(versions: Mapping[str, str], name: str) -> None:
    own = package_versions()
    different = [
        f"{key} {versions.get(key)}, not {own[key]}" for key in own if versions.get(key) != own[key]
    ]
    if different:
        raise InputError(
            f"--launcher=ray: node {name} has {', '.join(different)}; install the versions of"
            " constraints.txt on all nodes, else members differ by where they are trained"
        )


def _work(function: Callable, data: Any, *arguments: Any) -> Any:
    """Runs a task on a node."""
    return function(data, *arguments)
