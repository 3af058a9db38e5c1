import itertools

import numpy as np
import pytest
import tensorflow as tf

from anomaly.machinery.detector_batches import ArrayBatches, StreamBatches, is_array
from tiny_detectors import rows


def test_every_row_comes_once_per_epoch_in_a_new_order_of_the_seed():
    X = np.arange(50.0)[:, None]
    batches, again = ArrayBatches(X, 16, seed=4), ArrayBatches(X, 16, seed=4)
    epochs = [np.concatenate(list(batches))[:, 0] for _ in range(2)]
    assert [len(batch) for batch in again] == [16, 16, 16, 2]
    assert batches.number == 4
    for epoch in epochs:
        assert sorted(epoch) == X[:, 0].tolist()
    assert not np.array_equal(*epochs)
    np.testing.assert_array_equal(np.concatenate(list(again))[:, 0], epochs[1])
    # Far, not within a buffer: sorted data are spread.
    assert np.abs(np.corrcoef(epochs[0], np.arange(50))[0, 1]) < 0.5


@pytest.mark.parametrize(
    ("source", "sizes"),
    [
        (lambda X: iter(X), [4, 4, 2]),
        (lambda X: ((row, 1) for row in X), [4, 4, 2]),
        (lambda X: lambda: np.array_split(X, 5), [2] * 5),
        (lambda X: tf.data.Dataset.from_tensor_slices(X), [4, 4, 2]),
        (lambda X: tf.data.Dataset.from_tensor_slices((X, X)).batch(2), [2] * 5),
    ],
    ids=["rows", "pairs", "function", "dataset of rows", "dataset of pairs of batches"],
)
def test_streams_give_all_rows_in_every_epoch(source, sizes):
    X = rows(10)
    batches = StreamBatches(source(X), 4, row_shape=(4,))
    for _ in range(3):
        epoch = list(batches)
        assert [len(batch) for batch in epoch] == sizes
        np.testing.assert_array_equal(np.concatenate(epoch), X)


def test_a_generator_without_end_is_not_read_ahead():
    batches = StreamBatches((rows(2) for _ in itertools.count()), 4, row_shape=(4,))
    assert len(list(itertools.islice(batches, 3))) == 3


@pytest.mark.parametrize(
    ("source", "error", "words"),
    [
        (3, TypeError, "X: wants an array"),
        (iter([]), ValueError, "X: is empty"),
        (tf.data.Dataset.from_tensor_slices(rows()).repeat(), ValueError, "no end"),
        (iter([np.full((2, 4), np.nan)]), ValueError, "X: 8 numbers"),
    ],
)
def test_bad_streams_are_named(source, error, words):
    with pytest.raises(error, match=words):
        list(StreamBatches(source, 4, row_shape=(4,)))


def test_arrays_are_told_from_streams():
    assert is_array(rows())
    assert is_array([[1.0]])
    assert is_array(tf.constant([[1.0]]))
    assert not is_array(iter(rows()))
    assert not is_array(tf.data.Dataset.range(3))
