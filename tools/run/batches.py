"""Which rows a training step sees, and rows of any number in batches of one size."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from tools.run.seeds import child_seed


def batch_rows(seed: int, num_rows: int, batch_size: int, step: int) -> np.ndarray:
    """Row numbers of one batch, int [batch_size]: every row once per epoch, in a new order each.

    The epochs' permutations form one endless stream, so a batch may span two epochs and no row is
    left out. A function of its arguments only: resuming at any step needs no state.
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
    function: Callable[[np.ndarray], Mapping[str, Any]], rows: np.ndarray, size: int
) -> dict[str, np.ndarray]:
    """Values [row] by name of a function that is compiled for `size` rows.

    The last batch is filled up with copies of its last row.

    Args:
        function: From rows [size, ...] to values [size] by name.
        rows: Of any number but none.
        size: Rows in one call.
    """
    batches = []
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        values = function(part[np.arange(size).clip(max=len(part) - 1)])
        batches.append({name: np.asarray(value)[: len(part)] for name, value in values.items()})
    return {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}
