"""Images that stay bytes, perhaps in a file, and become floats where they are read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

_PART = 1000  # images that are converted at a time


def as_floats(images: np.ndarray) -> np.ndarray:
    """uint8 images as float32 ones in [0, 1], of the same shape."""
    return np.divide(images, np.float32(255), dtype=np.float32, order="C")


class ByteImages:
    """float32 images in [0, 1], read by index from bytes: a quarter of the memory, or none.

    Indexing gives an array, for any index that numpy takes on the first axis. Pickled, images of a
    memory-mapped file are that file's path and the chosen rows, so that no process copies them.

    Args:
        stored: uint8 [image, height, width, channel].
        rows: int64 [row]: which of these images, in which order; None: all.
    """

    dtype = np.dtype(np.float32)
    ndim = 4

    def __init__(self, stored: np.ndarray, rows: np.ndarray | None = None):
        """Copies nothing."""
        self.stored = stored
        self.rows = np.arange(len(stored)) if rows is None else rows

    @property
    def shape(self) -> tuple[int, ...]:
        """Images, height, width, channels."""
        return (len(self.rows), *self.stored.shape[1:])

    @property
    def size(self) -> int:
        """Number of values."""
        return int(np.prod(self.shape))

    def __len__(self) -> int:
        """Number of images."""
        return len(self.rows)

    def __getitem__(self, index: Any) -> np.ndarray:
        """The images at one index or several, float32."""
        return as_floats(self.stored[self.rows[index]])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """All images as one array."""
        if copy is False:
            raise ValueError("bytes become floats only in a copy")
        return self[:].astype(dtype or np.float32, copy=False)

    def take(self, rows: np.ndarray) -> ByteImages:
        """The images at these positions; nothing is copied."""
        return ByteImages(self.stored, self.rows[rows])

    def mean(self, axis: tuple[int, ...] = (0, 1, 2), dtype: Any = np.float64) -> np.ndarray:
        """Mean of each channel, over all pixels of all images."""
        if axis != (0, 1, 2):
            raise ValueError("only the mean over images, height and width is known")
        sums = sum(part.sum(axis=axis, dtype=np.float64) for part in self.parts())
        return (sums / np.prod(self.shape[:3])).astype(dtype)

    def parts(self) -> Iterator[np.ndarray]:
        """Yields all images in order, as float32 arrays of at most a thousand."""
        for start in range(0, len(self), _PART):
            yield self[start : start + _PART]

    def digest(self) -> str:
        """sha256 of the float32 values, in hexadecimal; equal for equal images in memory."""
        found = hashlib.sha256()
        for part in self.parts():
            found.update(np.ascontiguousarray(part).data)
        return found.hexdigest()

    def __reduce__(self) -> tuple[Any, ...]:
        """By path where the bytes are mapped from a file."""
        stored = self.stored
        if isinstance(stored, np.memmap) and stored.filename is not None:
            return _reopened, (Path(stored.filename).absolute(), self.rows)
        return ByteImages, (np.ascontiguousarray(stored[self.rows]),)


def _reopened(path: Path, rows: np.ndarray) -> ByteImages:
    return ByteImages(np.load(path, mmap_mode="r"), rows)
