"""Which rows a training step sees: every row once per epoch, in an order drawn anew each epoch."""

from functools import lru_cache

import numpy as np

from tools.run.seeds import child_seed


def batch_rows(seed: int, num_rows: int, batch_size: int, step: int) -> np.ndarray:
    """Row numbers of one batch, int [batch_size].

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
