"""Measurements in a process of their own, in which TensorFlow uses the chosen kernels."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any

from tools.run.kernels import ONEDNN, use_onednn

_of_this_process: dict[str, Callable[[], float]] = {}


@contextmanager
def measured_apart(
    make_measure: Callable[..., Callable[[], float]], *arguments: Any, onednn: bool
) -> Iterator[Callable[[], float]]:
    """A call that measures in another process, which lives as long as the context.

    Args:
        make_measure: Makes the measuring function in the other process; it loads TensorFlow, its
            module must not.
        *arguments: Arguments of make_measure.
        onednn: Whether TensorFlow must use oneDNN's kernels, as commands do where XLA does not
            compile; otherwise it uses its default on this processor.
    """
    begin = (make_measure, arguments, onednn)
    with ProcessPoolExecutor(1, get_context("spawn"), _begin, begin) as process:
        process.submit(int).result()  # once that is made, the clock may start
        yield lambda: process.submit(_measure).result()


def _begin(make_measure: Callable, arguments: tuple, onednn: bool) -> None:
    os.environ.pop(ONEDNN, None)
    if onednn:
        use_onednn()
    _of_this_process["measure"] = make_measure(*arguments)


def _measure() -> float:
    return _of_this_process["measure"]()
