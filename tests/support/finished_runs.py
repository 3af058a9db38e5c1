"""A finished tiny run of each kind, made once for all tests, in whichever process they run."""

import fcntl
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from program import call
from tiny_run import (
    made_up_table,
    tiny_command,
    tiny_denoiser_command,
    tiny_flow_command,
    tiny_table_command,
    tiny_wgan_command,
    write_data,
)

KINDS: dict[str, Callable[[Path], list[str]]] = {
    "vae": tiny_command,
    "wgan": tiny_wgan_command,
    "denoiser": tiny_denoiser_command,
    "table_vae": tiny_table_command,
    "table_flow": tiny_flow_command,
}


class FinishedRun(NamedTuple):
    """The folder of the data, with the run in run/, and what the command printed."""

    folder: Path
    printed: str


def write_inputs(folder: Path) -> None:
    """The images and the table that the runs are trained on."""
    write_data(folder)
    made_up_table().to_csv(folder / "own.csv", index=False)


def finished_run(kind: str, parent: Path) -> FinishedRun:
    """The run of a kind in the folder `parent`; another process may be making it meanwhile."""
    folder = parent / kind
    folder.mkdir(parents=True, exist_ok=True)
    printed = folder / "printed.txt"
    with open(folder / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not printed.exists():
            write_inputs(folder)
            result = call(KINDS[kind](folder))
            assert result.returncode == 0, result.stderr
            printed.write_text(result.stdout, "utf-8")
    return FinishedRun(folder, printed.read_text("utf-8"))
