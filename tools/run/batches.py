"""Which rows a training step sees, and how any number of rows is cut into batches of one size."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from tools.run.seeds import child_seed


def batch_rows(seed: int, num_rows: int, batch_size: int, step: int) -> np.ndarray:
    """Row numbers of the batch of one training step, int64 [batch_size].

    Every row comes once per epoch, in a new order each time. The epochs' permutations form one
    endless stream, so a batch may span two epochs and no row is left out. The result depends on the
    arguments only, so that training can resume at any step.
    """
    positions = np.arange(step * batch_size, (step + 1) * batch_size)
    epochs = positions // num_rows
    rows = np.empty(batch_size, np.int64)
    for epoch in np.unique(epochs):
        inside = epochs == epoch
        rows[inside] = _epoch_order(seed, num_rows, int(epoch))[positions[inside] % num_rows]
    return rows


@lru_cache(maxsize=2)
def _epoch_order(seed: int, num_rows: int, epoch: int) -> np.ndarray:
    return np.random.default_rng(child_seed(seed, "epoch", epoch)).permutation(num_rows)


def in_full_batches(
    function: Callable[..., Mapping[str, ArrayLike]],
    *arrays: np.ndarray,
    size: int,
    timed: Callable[[int], AbstractContextManager] = nullcontext,
) -> dict[str, np.ndarray]:
    """Values [row] by name of a function that is compiled for `size` rows.

    The last batch is filled up with copies of its last row, whose values are dropped.

    Args:
        function: From one batch [size, ...] of each array to values [size] by name.
        *arrays: Arrays [row, ...] with the same rows, one row at least.
        size: Rows in a batch.
        timed: Called with the number of rows in a batch; the batch is computed in its context.
    """
    batches = []
    for start in range(0, len(arrays[0]), size):
        parts = [array[start : start + size] for array in arrays]
        count = len(parts[0])
        filled = np.arange(size).clip(max=count - 1)
        with timed(count):
            values = function(*(part[filled] for part in parts))
            batches.append({name: np.asarray(value)[:count] for name, value in values.items()})
    return {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}
