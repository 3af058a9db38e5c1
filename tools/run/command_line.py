"""From a command line to a run: flags, messages and exit codes, without TensorFlow."""

import errno
import logging
import os
import re
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from absl import flags

from tools import __version__
from tools.errors import InputError
from tools.run.compilation_cache import use_compilation_cache
from tools.run.kernels import use_onednn
from tools.run.options import Settings, define_flags, flags_text, settings_from_flags
from tools.run.tensorflow_notes import silence_tensorflow
from tools.run.termination import Terminated, terminable

_KINDS = {"bool": "True or False", "float": "a number", "int": "a whole number"}
_STORAGE_FAULTS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EFBIG)


def run_from_command_line(
    settings_class: type[Settings],
    run: Callable[[Settings, set[str]], None],
    *,
    description: str,
    argv: Sequence[str] | None = None,
) -> None:
    """Parses the flags and calls `run(settings, names of the flags given by hand)`.

    With `--status` it prints what the run folder holds instead. Exits with 0 after `--help` and
    `--version`, 2 with one line on wrong input or a full disk, 130 when interrupted, and 143 when
    terminated. Any other exception is a bug and keeps its traceback.
    """
    argv = list(sys.argv if argv is None else argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    silence_tensorflow()
    try:
        settings, given = _parse(settings_class, argv, description)
        values = vars(settings)  # not every script has the flags that are asked for here
        if values.get("status"):
            from tools.run.status import run_status  # here: with it comes numpy

            sys.stdout.write(run_status(values["model_dir"]))
            return
        if values.get("compile"):
            use_compilation_cache()
        use_onednn()
        with terminable():
            run(settings, given)
    except InputError as error:
        _exit_with_line(argv, str(error))
    except OSError as error:
        if not (line := storage_fault(error)):
            raise
        _exit_with_line(argv, line)
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted; the same command goes on from the last checkpoint.\n")
        sys.exit(130)
    except Terminated:
        sys.stderr.write("Terminated; the same command goes on from what was saved.\n")
        sys.exit(143)


def storage_fault(error: OSError) -> str:
    """Message for a disk that is full or cannot be written; empty for any other error."""
    if error.errno not in _STORAGE_FAULTS:
        return ""
    return (
        f"{error.filename or 'a file'}: {error.strerror}; nothing saved before is lost, "
        "the same command goes on from it once that is mended"
    )


def _exit_with_line(argv: Sequence[str], message: str) -> NoReturn:
    one_line = " ".join(message.split())  # whatever a file is called
    sys.stderr.write(f"{os.path.basename(argv[0])}: {one_line}\n")
    sys.exit(2)


def _as_called(program: str) -> str:
    return f"python {program}" if program.endswith(".py") else os.path.basename(program)


def _parse(
    settings_class: type[Settings], argv: Sequence[str], description: str
) -> tuple[Settings, set[str]]:
    flag_values = flags.FlagValues()
    define_flags(settings_class, flag_values)
    flags.DEFINE_bool("help", False, "Shows this text.", short_name="h", flag_values=flag_values)
    flags.DEFINE_bool("version", False, "Shows the version.", flag_values=flag_values)
    try:
        stray = flag_values(argv)[1:]
    except flags.IllegalFlagValueError as error:  # its own words are those of Python's int()
        given = str(error).removeprefix("flag ").partition(": ")[0]
        kind = flag_values[given.removeprefix("--").partition("=")[0]].flag_type()
        raise InputError(f"{given}: must be {_KINDS[kind]}") from error
    except flags.Error as error:
        raise InputError(str(error)) from error
    if flag_values["help"].value:
        # The description's examples start the command as this person has.
        about = re.sub(r"(?m)^python \S+\.py", lambda _: _as_called(argv[0]), description.strip())
        sys.stdout.write(
            f"{about}\n\nFlags are shown with their defaults.\n\n{flags_text(settings_class)}\n"
        )
        sys.exit(0)
    if flag_values["version"].value:
        sys.stdout.write(f"{os.path.basename(argv[0])} {__version__}\n")
        sys.exit(0)
    if stray:
        raise InputError(f"unexpected argument {stray[0]!r}; flags are written --name=value")
    return settings_from_flags(settings_class, flag_values)
