"""Named children of one root seed, so that no draw depends on what else was drawn."""

from collections.abc import Callable, Sequence
from zlib import crc32

import numpy as np


def child_seed(root_seed: int, *path: str | int) -> int:
    """A seed in [0, 2**31) for one use, such as `child_seed(0, "member", 3, "weights")`.

    It depends on the root seed and the path only: member 3 is the same in ensembles of 4 and 40.
    """
    spawn_key = tuple(crc32(part.encode()) if isinstance(part, str) else part for part in path)
    state = np.random.SeedSequence(root_seed, spawn_key=spawn_key).generate_state(1)
    return int(state[0] >> 1)


def seed_stream(seed: int) -> Callable[[], int]:
    """A function whose calls return one seed in [0, 2**31) after the other, as of many layers."""
    rng = np.random.default_rng(seed)
    return lambda: int(rng.integers(2**31))


def normal_rows(seed: int, ids: np.ndarray, row_shape: Sequence[int]) -> np.ndarray:
    """Standard normal numbers, float32 [row, *row_shape]; row i depends on (seed, ids[i]) only.

    So the noise that an example is scored with does not depend on its batch or its neighbours.
    """
    rows = np.empty((len(ids), *row_shape), np.float32)
    for row, row_id in zip(rows, ids, strict=True):
        stream = np.random.Philox(key=[seed, int(row_id)])
        np.random.Generator(stream).standard_normal(dtype=np.float32, out=row)
    return rows
