"""Settings that say where members are trained and scored; no number depends on the launcher."""

import dataclasses
import re
from typing import ClassVar

from tools.errors import InputError
from tools.run.options import option

LAUNCHERS = ("local", "ray")
_OF_RAY = ("launcher_address", "gpus_per_member", "task_retries")


@dataclasses.dataclass(frozen=True)
class LauncherSettings:
    """Settings of the launcher, after the preset that all runs have."""

    HELP_TITLE: ClassVar[str] = "Where members are trained and scored"

    preset: str = option("fast", "Sets the defaults of the other flags.")
    launcher: str = option(
        "local",
        "Where members are trained and scored. local: on this machine; ray: by tasks of a Ray"
        " cluster, see docs/cluster.md.",
        choices=LAUNCHERS,
        of_this_start=True,
    )
    launcher_address: str = option(
        "",
        "Of the Ray cluster: auto, HOST:PORT or ray://HOST:PORT. Empty: a Ray on this machine alone"
        " is started, and stopped at the end.",
        of_this_start=True,
    )
    members_at_once: int = option(
        1,
        "Members that --launcher=local trains or scores at a time, each in a process of its own if"
        " there are several.",
        at_least=1,
        of_this_start=True,
    )
    cpus_per_member: int = option(
        2,
        "Threads that a member computes with, and cores that Ray reserves for it. Sums in another"
        " number of threads differ in their last digits: runs of one number have the same bytes,"
        " whatever machine has how many cores.",
        at_least=1,
    )
    gpus_per_member: float = option(
        0.0,
        "GPUs that Ray reserves for a member, or a share of one.",
        at_least=0,
        of_this_start=True,
    )
    task_retries: int = option(
        3,
        "Times that Ray starts a member or a part of the scoring again whose process or machine was"
        " lost.",
        at_least=0,
        of_this_start=True,
    )

    def __post_init__(self):
        """Refuses flags that the launcher would ignore."""
        if self.launcher == "local":
            for name in _OF_RAY:
                value = getattr(self, name)
                if value != getattr(LauncherSettings, name):  # the default
                    raise InputError(f"--{name}={value} needs --launcher=ray, not local")
        elif self.members_at_once != 1:
            raise InputError(
                f"--members_at_once={self.members_at_once} is for --launcher=local; Ray starts as"
                " many members as have room, see --cpus_per_member"
            )
        if not re.fullmatch(r"(auto|(ray://)?[^:/]+:\d+)?", self.launcher_address):
            raise InputError(
                f"--launcher_address={self.launcher_address}: write auto, HOST:PORT or"
                " ray://HOST:PORT"
            )
