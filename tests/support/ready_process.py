"""A program that imports what commands import, then starts each command as a fork of itself.

A command so started is a process of its own, with its own signals, files, locks and exit status,
but does not wait seconds for TensorFlow. Requests come through the connection whose file descriptor
is the argument: {"arguments", "folder", "environment", "outputs"} in JSON. Two answers follow, the
process's number and, at its end, its exit status.
"""

import gc
import json
import os
import pkgutil
import runpy
import sys
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

ROOT = str(Path(__file__).resolve().parents[2])


def import_all(*packages: str) -> None:
    """Imports TensorFlow and all modules of the packages but those that are started."""
    import_module("tensorflow")
    for package in packages:
        for module in pkgutil.walk_packages([f"{ROOT}/{package}"], f"{package}."):
            if not module.name.endswith(("_run", ".__main__")):
                import_module(module.name)


def next_command(connection: Connection) -> dict[str, Any]:
    """Answers requests until there are no more; in the fork, the request that it is to fulfil."""
    gc.freeze()  # so that forks do not copy what they never change
    while True:
        try:
            request = json.loads(connection.recv_bytes())
        except EOFError:
            sys.exit()
        if (process := os.fork()) == 0:
            connection.close()
            return request
        connection.send_bytes(b"%d" % process)
        _, status = os.waitpid(process, 0)
        connection.send_bytes(b"%d" % os.waitstatus_to_exitcode(status))


def become(request: dict[str, Any]) -> None:
    """Gives this process the command's standard files, folder, environment and arguments."""
    for number, path in enumerate((os.devnull, *request["outputs"])):
        file = os.open(path, os.O_RDWR | os.O_CREAT)
        os.dup2(file, number)
        os.close(file)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv = request["arguments"]


if __name__ == "__main__":
    sys.path[0] = ROOT
    import_all("tools", "vae_wgan")
    become(next_command(Connection(int(sys.argv[1]))))
    if sys.argv[0] == "-m":
        del sys.argv[0]
        sys.path.insert(0, os.getcwd())
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    else:
        sys.path.insert(0, str(Path(sys.argv[0]).resolve().parent))
        runpy.run_path(sys.argv[0], run_name="__main__")
