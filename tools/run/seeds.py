"""Seeds by name and random numbers by row, so that no draw depends on what else was drawn."""

from collections.abc import Callable, Sequence
from zlib import crc32

import numpy as np

RowIds = Sequence[int] | np.ndarray  # number of each row [row]


def child_seed(root_seed: int, *path: str | int) -> int:
    """A seed in [0, 2**31) for one use, such as `child_seed(0, "member", 3, "weights")`.

    It depends on the root seed and the path only: member 3 is the same in ensembles of 4 and 40.
    """
    spawn_key = tuple(crc32(part.encode()) if isinstance(part, str) else part for part in path)
    state = np.random.SeedSequence(root_seed, spawn_key=spawn_key).generate_state(1)
    return int(state[0] >> 1)


def seed_stream(seed: int) -> Callable[[], int]:
    """A function that returns another seed in [0, 2**31) on each call, such as one per layer."""
    rng = np.random.default_rng(seed)
    return lambda: int(rng.integers(2**31))


def normal_rows(seed: int, ids: np.ndarray, row_shape: Sequence[int]) -> np.ndarray:
    """Standard normal numbers, float32 [row, *row_shape]; row i depends on (seed, ids[i]) only.

    So the noise that an example is scored with does not depend on its batch or its neighbours.
    """
    rows = np.empty((len(ids), *row_shape), np.float32)
    philox = np.random.Philox(key=[seed, 0])
    stream, start = np.random.Generator(philox), philox.state
    for row, row_id in zip(rows, ids, strict=True):
        start["state"]["key"][1] = row_id  # a third of the time of a new Philox for each row
        philox.state = start
        stream.standard_normal(dtype=np.float32, out=row)
    return rows


class RowRandom:
    """Random numbers by row: successive arrays [row, ...], where `normal_rows` draws only one.

    The numbers of row i depend on (seed, ids[i]) and its earlier draws only, so an image is
    corrupted in the same way in any batch.

    Args:
        seed: Seed of all rows.
        ids: Number of each row [row].
    """

    def __init__(self, seed: int, ids: RowIds):
        """Starts a stream for each row."""
        self._rows = [np.random.Generator(np.random.Philox(key=[seed, int(row)])) for row in ids]

    def normal(self, *shape: int) -> np.ndarray:
        """Standard normal numbers, float32 [row, *shape]."""
        return self._drawn(lambda row: row.standard_normal(shape, np.float32))

    def uniform(self, low: float, high: float, *shape: int) -> np.ndarray:
        """Uniform numbers in [low, high), float32 [row, *shape]."""
        return low + (high - low) * self._drawn(lambda row: row.random(shape, np.float32))

    def integers(self, low: int, high: int, *shape: int) -> np.ndarray:
        """Integers of low, ..., high: int64 [row, *shape]."""
        return self._drawn(lambda row: row.integers(low, high, shape, endpoint=True))

    def poisson(self, means: np.ndarray) -> np.ndarray:
        """Poisson counts with these means, int64 [row, ...]."""
        pairs = zip(self._rows, means, strict=True)
        return np.stack([row.poisson(of_row) for row, of_row in pairs])

    def _drawn(self, draw: Callable[[np.random.Generator], np.ndarray]) -> np.ndarray:
        return np.stack([draw(row) for row in self._rows])
