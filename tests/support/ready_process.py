"""A program that imports what commands import, then starts each command as a fork of itself.

A command so started is a process of its own, with its own signals, files, locks and exit status; it
only need not wait for TensorFlow. For each line of JSON on standard input, {"arguments", "folder",
"environment", "outputs"}, two lines answer: the process's number, and at its end its exit status.
"""

import gc
import json
import os
import runpy
import sys
from importlib import import_module

MODULES = (
    "tensorflow",
    "tensorflow_probability",
    "tools.analysis.run_analysis",
    "vae_wgan.run.table_experiment",
    "vae_wgan.run.vae_experiment",
    "vae_wgan.run.wgan_experiment",
)


def serve() -> dict:
    """Answers requests; returns only in a fork, with the request that it is to fulfil."""
    for module in MODULES:
        import_module(module)
    gc.freeze()
    for line in sys.stdin:
        request = json.loads(line)
        if (process := os.fork()) == 0:
            return request
        _answer(process)
        _answer(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))
    sys.exit()


def become(request: dict) -> None:
    """Gives this process the files, folder, environment and arguments of the command."""
    for number, path in enumerate((os.devnull, *request["outputs"])):
        file = os.open(path, os.O_RDWR | os.O_CREAT)
        os.dup2(file, number)
        os.close(file)
    sys.stdin = open(os.devnull)  # noqa: SIM115  as long as the process lives
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv = request["arguments"]


def _answer(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    become(serve())
    if sys.argv[0] == "-m":
        del sys.argv[0]
        sys.path[0] = os.getcwd()
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    else:
        sys.path[0] = os.path.dirname(os.path.abspath(sys.argv[0]))
        runpy.run_path(sys.argv[0], run_name="__main__")
