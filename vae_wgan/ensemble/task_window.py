"""Back pressure: bounds the number of submitted tasks; each that ends admits the next."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any


def completed(
    submit: Callable[..., Future], tasks: Iterable[tuple], limit: int
) -> Iterator[tuple[int, Any]]:
    """Yields the number and the result of each task, in the order in which they end.

    Args:
        submit: Submits a task, given its arguments.
        tasks: Arguments of each task, taken one by one just before the task is submitted.
        limit: Largest number of submitted tasks whose results the caller has not yet taken.

    Raises:
        Exception: The first task that failed raised it.
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
