"""Settings of where members are trained and scored; results do not depend on the launcher."""

import dataclasses
import re
from typing import ClassVar, Self

from tools.errors import InputError
from tools.run.options import option

LAUNCHERS = ("local", "ray")
_OF_RAY = ("launcher_address", "gpus_per_member", "task_retries")


@dataclasses.dataclass(frozen=True)
class LauncherSettings:
    """Settings of the launcher."""

    HELP_TITLE: ClassVar[str] = "Where members are trained and scored"

    launcher: str = option(
        "local",
        "Where members are trained and scored. local: on this machine; ray: on a Ray cluster, see"
        " docs/cluster.md.",
        choices=LAUNCHERS,
        of_this_start=True,
    )
    launcher_address: str = option(
        "",
        "Address of the Ray cluster: auto, HOST:PORT or ray://HOST:PORT. Empty: starts Ray on this"
        " machine only, and stops it at the end.",
        of_this_start=True,
    )
    members_at_once: int = option(
        1,
        "Members that --launcher=local trains or scores at the same time; more than one: each in a"
        " process of its own.",
        at_least=1,
        of_this_start=True,
    )
    cpus_per_member: int = option(
        2,
        "Threads per member, and cores that Ray reserves for it. Runs are bit-identical only for"
        " equal values: another number of threads adds up in another order.",
        at_least=1,
    )
    gpus_per_member: float = option(
        0.0,
        "GPUs that Ray reserves for a member; 0.5: half of one.",
        at_least=0,
        of_this_start=True,
    )
    task_retries: int = option(
        3,
        "How often Ray restarts a member, or a part of the scoring, whose process or machine was"
        " lost.",
        at_least=0,
        of_this_start=True,
    )

    def on_processor(self, processor: str) -> Self:
        """The settings with what was left open chosen for this processor, one of PROCESSORS."""
        return self

    def __post_init__(self) -> None:
        """Raises InputError for a flag that the launcher would ignore, or a malformed address."""
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
