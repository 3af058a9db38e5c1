"""One measured number as a line of JSON, and how two contestants are timed fairly."""

import dataclasses
import json
import os
import platform
import statistics
from collections.abc import Callable, Mapping
from pathlib import Path

from tools.run.software_versions import git_commit, package_versions


@dataclasses.dataclass(frozen=True)
class Figure:
    """A measured number.

    Attributes:
        name: Measured quantity, as PART.SUBJECT.QUANTITY.
        value: The number, a median where it was measured more than once.
        unit: Unit of the value.
        ratio: How many times better than the yardstick; None: there is no yardstick.
        yardstick: Description of the value that the ratio compares with.
    """

    name: str
    value: float
    unit: str
    ratio: float | None = None
    yardstick: str | None = None


def json_line(figure: Figure) -> str:
    """The figure with the machine, the versions and the machine's load, in one line of JSON."""
    circumstances = {
        "machine": machine(),
        "versions": {"python": platform.python_version()} | package_versions(),
        "git_commit": git_commit(),
        "load": [round(load, 2) for load in os.getloadavg()],  # over 1, 5 and 15 minutes
    }
    return json.dumps(dataclasses.asdict(figure) | circumstances, allow_nan=False)


def machine() -> str:
    """Operating system, processor and number of cores."""
    return f"{platform.system()}, {_processor()}, {os.cpu_count()} cores"


def interleaved_medians(
    contestants: Mapping[str, Callable[[], float]], repeats: int
) -> dict[str, float]:
    """The median of what each call returns; they take turns, so that all meet the same load.

    Args:
        contestants: {name: call that returns its own measurement}.
        repeats: Rounds.
    """
    values = {name: [] for name in contestants}
    for _ in range(repeats):
        for name, measure in contestants.items():
            values[name].append(measure())
    return {name: statistics.median(measured) for name, measured in values.items()}


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:  # not Linux
        return platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
