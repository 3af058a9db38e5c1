"""Bytes with a bar that shows how far they have been read."""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tqdm import tqdm

WITHOUT_BAR = 1 << 25  # bytes, which are read in a second


class _WatchedBytes(io.BytesIO):
    """Tells a bar what is read; `read1` is what a decoder of text calls."""

    def __init__(self, content: bytes, bar: tqdm):
        super().__init__(content)
        self._bar = bar

    def read(self, size: int | None = -1) -> bytes:
        return self._told(super().read(size))

    def read1(self, size: int | None = -1) -> bytes:
        return self._told(super().read1(size))

    def _told(self, part: bytes) -> bytes:
        self._bar.update(len(part))
        return part


@contextmanager
def watched(content: bytes, title: str) -> Iterator[io.BytesIO]:
    """A stream of the bytes, with a bar on a terminal where they are many."""
    hidden = not sys.stderr.isatty() or len(content) < WITHOUT_BAR
    form = {"unit": "B", "unit_scale": True, "leave": False, "disable": hidden}
    with tqdm(total=len(content), desc=title, **form) as bar:
        yield _WatchedBytes(content, bar)
