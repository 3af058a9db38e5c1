"""What the commands on a finished run share: arguments, their checks, and how errors end them."""

import argparse
import logging
import sys
from collections.abc import Callable

from tools.errors import InputError
from tools.run.run_folder import RunFolder
from tools.run.tensorflow_notes import silence_tensorflow


def run_parser(command: str, description: str) -> argparse.ArgumentParser:
    """A parser with the arguments `run` and --target_fpr.

    Args:
        command: Name of the command.
        description: Docstring of its module; the first line is shown.
    """
    parser = argparse.ArgumentParser(command, description=description.splitlines()[0])
    parser.add_argument("run", help="folder of a finished run")
    parser.add_argument(
        "--target_fpr", type=float, help="share of normal examples to flag at most (the run's)"
    )
    return parser


def run_command(
    command: str, values: argparse.Namespace, action: Callable[[argparse.Namespace], None]
) -> int:
    """Checks the run, before TensorFlow is loaded, and acts; an InputError is told in one line.

    Returns:
        The exit code: 2 after such an error.
    """
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    silence_tensorflow()
    try:
        if values.target_fpr is not None and not 0 < values.target_fpr < 1:
            raise InputError(f"--target_fpr={values.target_fpr}: must be above 0 and below 1")
        RunFolder(values.run).manifest()
        action(values)
    except InputError as error:
        sys.stderr.write(f"{command}: {' '.join(str(error).split())}\n")
        return 2
    return 0
