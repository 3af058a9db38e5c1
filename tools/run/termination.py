"""Handles SIGTERM, which schedulers and `kill` send: training saves first, all else just ends."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


class Terminated(BaseException):
    """SIGTERM has come: the process must end with exit code 143; files that are whole stay."""


class _Signal:
    """Whether it has come, and whether it has to wait."""

    has_come = False
    waits = False


@contextmanager
def terminable() -> Iterator[None]:
    """Within the block a SIGTERM raises Terminated: at once, or on leaving `held_back`."""

    def receive(number: int, frame: FrameType | None) -> None:
        _Signal.has_come = True
        if not _Signal.waits:
            raise Terminated

    before = signal.signal(signal.SIGTERM, receive)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
        _Signal.has_come = False


@contextmanager
def held_back() -> Iterator[Callable[[], bool]]:
    """Within the block SIGTERM waits; the block asks whether it has come, saves, and leaves."""
    _Signal.waits = True
    try:
        yield lambda: _Signal.has_come
    finally:
        _Signal.waits = False
    if _Signal.has_come:
        raise Terminated
