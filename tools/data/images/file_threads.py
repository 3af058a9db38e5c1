"""A function of many files, in as many threads as there are cores, with a bar."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import TypeVar

from tqdm import tqdm

Value = TypeVar("Value")
_PART = 64  # files that a thread takes at a time
_WITHOUT_BAR = 1000  # files that are done in a second or two


def of_files(
    function: Callable[[Path], Value], paths: Sequence[Path], title: str
) -> Iterator[Value]:
    """Yields the function's values, in the order of the files; few values wait at a time.

    Args:
        function: Called in a thread; it should release Python's lock, as decoders of pictures do.
        paths: The files.
        title: What the bar is called.
    """
    threads = os.cpu_count() or 1
    parts = iter([paths[start : start + _PART] for start in range(0, len(paths), _PART)])
    hidden = not sys.stderr.isatty() or len(paths) < _WITHOUT_BAR

    def values_of(part: Sequence[Path]) -> list[Value]:
        return [function(path) for path in part]

    with (
        ThreadPoolExecutor(threads) as pool,
        tqdm(total=len(paths), desc=title, unit=" files", disable=hidden, leave=False) as bar,
    ):
        waiting = [pool.submit(values_of, part) for part in islice(parts, 2 * threads)]
        while waiting:
            values = waiting.pop(0).result()
            if part := next(parts, None):
                waiting.append(pool.submit(values_of, part))
            bar.update(len(values))
            yield from values
