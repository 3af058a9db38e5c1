"""Each row once per epoch, whatever the batch size, and no state; and batches of one size."""

from contextlib import contextmanager

import numpy as np
import pytest

from tools.run.batches import batch_rows, in_full_batches

SIZES = [(10, 3), (10, 5), (7, 7), (3, 10), (1, 4), (10, 1)]  # rows, batch size


def stream(num_rows, batch_size, steps, seed=0):
    return np.concatenate([batch_rows(seed, num_rows, batch_size, step) for step in steps])


@pytest.mark.parametrize(("num_rows", "batch_size"), SIZES)
def test_every_row_comes_once_in_every_epoch(num_rows, batch_size):
    rows = stream(num_rows, batch_size, range(num_rows))  # batch_size whole epochs
    assert rows.shape == (num_rows * batch_size,)
    for epoch in rows.reshape(batch_size, num_rows):
        assert sorted(epoch) == list(range(num_rows))


def test_epochs_and_seeds_have_orders_of_their_own():
    orders = [*stream(50, 50, range(5)).reshape(5, 50), stream(50, 50, [0], seed=1)]
    assert len({tuple(order) for order in orders}) == 6


def test_a_batch_is_a_function_of_the_step_only():
    in_order = [batch_rows(4, 10, 7, step) for step in range(30)]
    for step in (29, 0, 13, 12, 13):
        rows = batch_rows(4, 10, 7, step)
        np.testing.assert_array_equal(rows, in_order[step])
        rows[:] = -1  # what a caller does to a batch changes no later one


@pytest.mark.parametrize("count", [1, 3, 4, 9])
def test_values_of_rows_are_those_of_single_rows(count):
    rows, sizes, counts = np.random.default_rng(0).random((count, 2)), [], []

    def function(batch, numbers):
        sizes.append(len(batch))
        return {"sum": batch.sum(axis=1), "first": batch[:, 0], "number": numbers}

    @contextmanager
    def timed(rows_of_batch):
        counts.append(rows_of_batch)
        yield

    values = in_full_batches(function, rows, np.arange(count), size=4, timed=timed)
    assert set(sizes) == {4}
    assert sum(counts) == count
    np.testing.assert_array_equal(values["number"], np.arange(count))
    np.testing.assert_array_equal(values["sum"], rows.sum(axis=1))
    np.testing.assert_array_equal(values["first"], rows[:, 0])
