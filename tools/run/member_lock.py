"""One writer per member: a task that was taken for lost may still run on another machine."""

import fcntl
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LOG = logging.getLogger(__name__)


@contextmanager
def only_writer(member_dir: Path) -> Iterator[None]:
    """Holds a member's folder; waits for as long as another process does.

    The lock ends with the process that holds it, however that ends.
    """
    member_dir.mkdir(parents=True, exist_ok=True)
    with open(member_dir / ".lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _LOG.warning("%s is in use by another process; waiting for it to end", member_dir)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
