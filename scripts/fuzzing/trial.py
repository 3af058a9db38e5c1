"""Tries one reader on damaged files: each must be read, or refused with an InputError."""

import resource
import signal
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NamedTuple

from scripts.fuzzing.mutations import Mutation, mutants
from tools.errors import InputError
from tools.files.whole_files import DamagedFileError

MOST_SECONDS, MOST_MEGABYTES = 10, 512
_MEGABYTE = 2**20 if sys.platform == "darwin" else 2**10  # ru_maxrss is in bytes or KiB


class Target(NamedTuple):
    """A reader and the files that it reads.

    Attributes:
        seeds: Whole files.
        mutations: Ways to damage them.
        read: Function of the damaged content.
    """

    seeds: Sequence[bytes]
    mutations: Sequence[Mutation]
    read: Callable[[bytes], object]


class Fault(NamedTuple):
    """A damaged file on which a reader failed, and how."""

    content: bytes
    error: str


class Outcome(NamedTuple):
    """Numbers of damaged files that were read and refused, and the faults."""

    read: int
    refused: int
    faults: list[Fault]


class HangError(BaseException):
    """Reading takes too long. A BaseException, so that no `except Exception` catches it."""


def try_mutants(target: Target, count: int, seed: int) -> Outcome:
    """Reads some mutants of a target's files.

    Args:
        target: Reader and files.
        count: Number of mutants.
        seed: Seed of the random draws.
    """
    read = refused = 0
    faults = []
    for content in mutants(target.seeds, target.mutations, count, seed):
        before = _peak_megabytes()
        try:
            with _limited_seconds(), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # libraries warn about the contents of mutants
                target.read(content)
            read += 1
        except (InputError, DamagedFileError) as error:
            refused += 1
            if "\n" in str(error):
                faults.append(Fault(content, f"more than a line: {error}"))
        except (Exception, HangError) as error:
            faults.append(Fault(content, f"{type(error).__name__}: {error}"))
        if (taken := _peak_megabytes() - before) > MOST_MEGABYTES:
            faults.append(Fault(content, f"took {taken:.0f} MB of memory"))
    return Outcome(read, refused, faults)


def content_reader(path: Path, read: Callable[[Path], object]) -> Callable[[bytes], object]:
    """Function that writes the content to the path and reads that."""

    def read_content(content: bytes) -> object:
        path.write_bytes(content)
        return read(path)

    return read_content


@contextmanager
def _limited_seconds() -> Iterator[None]:
    def give_up(number: int, frame: FrameType | None) -> None:
        raise HangError(f"took more than {MOST_SECONDS} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, MOST_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _MEGABYTE
