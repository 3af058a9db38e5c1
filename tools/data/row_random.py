"""Random numbers of which those of a row do not depend on the other rows."""

from collections.abc import Callable, Sequence

import numpy as np


class RowRandom:
    """Draws arrays [row, ...].

    What row i gets depends on (seed, ids[i]) and the earlier draws only: an image is corrupted in
    the same way in any batch.

    Args:
        seed: Of all rows.
        ids: Of the rows [row].
    """

    def __init__(self, seed: int, ids: Sequence[int]):
        """Starts a stream for each row."""
        self._rows = [np.random.Generator(np.random.Philox(key=[seed, int(row)])) for row in ids]

    def normal(self, *shape: int) -> np.ndarray:
        """Standard normal numbers, float32 [row, *shape]."""
        return self._drawn(lambda row: row.standard_normal(shape, np.float32))

    def uniform(self, low: float, high: float, *shape: int) -> np.ndarray:
        """Uniform numbers in [low, high), float32 [row, *shape]."""
        return low + (high - low) * self._drawn(lambda row: row.random(shape, np.float32))

    def integers(self, low: int, high: int, *shape: int) -> np.ndarray:
        """Integers of low, ..., high: [row, *shape]."""
        return self._drawn(lambda row: row.integers(low, high, shape, endpoint=True))

    def poisson(self, means: np.ndarray) -> np.ndarray:
        """Counts with these means [row, ...]."""
        pairs = zip(self._rows, means, strict=True)
        return np.stack([row.poisson(of_row) for row, of_row in pairs])

    def _drawn(self, draw: Callable[[np.random.Generator], np.ndarray]) -> np.ndarray:
        return np.stack([draw(row) for row in self._rows])
