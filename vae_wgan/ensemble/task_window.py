"""Back-pressure: tasks are handed on as fast as others end, never all at once."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any


def completed(
    submit: Callable[..., Future], tasks: Iterable[tuple], limit: int
) -> Iterator[tuple[int, Any]]:
    """Number and result of each task, in the order in which they end.

    Args:
        submit: Hands the arguments of one task on.
        tasks: Their arguments; they are taken from here when they are handed on.
        limit: Tasks that may be handed on and not have ended.

    Raises:
        Exception: That of the first task that fails.
    """
    waiting: dict[Future, int] = {}
    numbered = enumerate(tasks)
    while True:
        for number, arguments in itertools.islice(numbered, limit - len(waiting)):
            waiting[submit(*arguments)] = number
        if not waiting:
            return
        ended, _ = wait(waiting, return_when=FIRST_COMPLETED)
        for future in ended:
            yield waiting.pop(future), future.result()
