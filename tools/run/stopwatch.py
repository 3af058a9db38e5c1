"""Measures what scoring costs, in seconds per pass over the examples."""

import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager


class Stopwatch:
    """Adds up seconds and examples by pass, except for each pass's first batch, which compiles."""

    def __init__(self) -> None:
        """Starts with nothing measured."""
        self._batches: Counter[str] = Counter()
        self._examples: Counter[str] = Counter()
        self._seconds: defaultdict[str, float] = defaultdict(float)

    @contextmanager
    def timed(self, name: str, examples: int) -> Iterator[None]:
        """Measures the time of one batch of a pass."""
        started = time.perf_counter()
        yield
        seconds = time.perf_counter() - started
        if self._batches[name]:
            self._examples[name] += examples
            self._seconds[name] += seconds
        self._batches[name] += 1

    def per_thousand(self) -> dict[str, float]:
        """{pass: seconds per 1,000 examples}, for the passes that had more than one batch."""
        return {name: 1000 * self._seconds[name] / self._examples[name] for name in self._seconds}
