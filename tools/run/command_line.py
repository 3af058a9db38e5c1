"""From a command line to a run: flags, messages and exit codes, without TensorFlow."""

import logging
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from absl import flags

from tools.errors import InputError
from tools.run.settings import define_flags, settings_from_flags


def run_from_command_line(
    settings_class: type,
    run: Callable[[Any, set[str]], None],
    *,
    description: str,
    argv: Sequence[str] | None = None,
) -> None:
    """Parses the flags and calls `run(settings, names of the flags given by hand)`.

    Exits with 0 after `--help`, 2 with one line on wrong input, 130 when interrupted. Any other
    exception is a bug and keeps its traceback.
    """
    argv = list(sys.argv if argv is None else argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    # TensorFlow's C++ notes about missing GPUs; a person who wants them sets the variable.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        settings, given = _parse(settings_class, argv, description)
        run(settings, given)
    except InputError as error:
        message = " ".join(str(error).split())  # one line, whatever a file is called
        sys.stderr.write(f"{os.path.basename(argv[0])}: {message}\n")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted; the same command goes on from the last checkpoint.\n")
        sys.exit(130)


def _parse(settings_class: type, argv: Sequence[str], description: str) -> tuple[Any, set[str]]:
    flag_values = flags.FlagValues()
    define_flags(settings_class, flag_values)
    flags.DEFINE_bool("help", False, "Shows this text.", short_name="h", flag_values=flag_values)
    try:
        stray = flag_values(argv)[1:]
    except flags.Error as error:
        raise InputError(str(error)) from error
    if flag_values["help"].value:
        sys.stdout.write(f"{description}\n\nFlags:\n{flag_values.get_help('  ')}\n")
        sys.exit(0)
    if stray:
        raise InputError(f"unexpected argument {stray[0]!r}; flags are written --name=value")
    return settings_from_flags(settings_class, flag_values)
