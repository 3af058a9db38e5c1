"""Mini-batches for training, from arrays, tf.data.Datasets, generators and functions.

Both classes are iterated once per epoch and give arrays [row, ...]; the last batch may be smaller.
"""

import itertools
import math
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from anomaly.machinery.detector_input import ArgumentTypeError, checked_rows
from tools.errors import ArgumentError


class ArrayBatches:
    """Batches of an array, in a new random order of all rows each epoch.

    Args:
        X: [row, ...].
        batch_size: Rows in a batch.
        seed: Seed of the orders.

    Attributes:
        number: Number of batches in an epoch.
    """

    def __init__(self, X: np.ndarray, batch_size: int, seed: int):
        self._rows = X
        self._batch_size = batch_size
        self._rng = np.random.default_rng(seed)
        self.number = math.ceil(len(X) / batch_size)

    def __iter__(self) -> Iterator[np.ndarray]:
        order = self._rng.permutation(len(self._rows))
        for start in range(0, len(order), self._batch_size):
            yield self._rows[order[start : start + self._batch_size]]


class StreamBatches:
    """Batches of a stream that is read anew each epoch, in its order.

    An element is a batch of rows or a single row; of a tuple such as (x, label) the first part is
    taken. Single rows are collected into batches. A generator, which can be read only once, is
    kept in memory for the later epochs; a Dataset, or a function that returns a generator, is not.

    Args:
        source: Dataset, generator, other iterable, or a function without arguments returning one.
        batch_size: Rows in a batch that is made of single rows.
        row_shape: Shape of one row; None: not known, and all elements are batches.

    Attributes:
        number: None: how many batches an epoch has is not known.

    Raises:
        ArgumentError: A Dataset has no end.
        ArgumentTypeError: The source is none of these.
    """

    def __init__(self, source: Any, batch_size: int, row_shape: tuple[int | None, ...] | None):
        if not isinstance(source, Iterable) and not callable(source):
            raise ArgumentTypeError(
                f"X: wants an array, a tf.data.Dataset, a generator or a function that returns "
                f"one, has the type {type(source).__name__}"
            )
        if isinstance(source, tf.data.Dataset):
            if source.cardinality() == tf.data.INFINITE_CARDINALITY:
                raise ArgumentError("X: the Dataset has no end; use its take(number of batches)")
            source = source.as_numpy_iterator
        self._source = source
        self._batch_size = batch_size
        self._row_shape = row_shape
        self.number: int | None = None

    def __iter__(self) -> Iterator[np.ndarray]:
        elements: Iterator[np.ndarray] = (
            np.asarray(element[0] if isinstance(element, tuple) else element)
            for element in self._elements()
        )
        first = next(elements, None)
        if first is None:
            raise ArgumentError("X: is empty")
        elements = itertools.chain([first], elements)
        if self._row_shape is not None and first.ndim == len(self._row_shape):
            elements = _stacked(elements, self._batch_size)
        for batch in elements:
            yield checked_rows(batch, shape=self._row_shape)

    def _elements(self) -> Iterator[Any]:
        if callable(self._source):
            return iter(self._source())
        elements = iter(self._source)
        if elements is self._source:  # a generator: one copy is read, the other kept for later
            elements, self._source = itertools.tee(elements)
        return elements


def _stacked(rows: Iterator[np.ndarray], size: int) -> Iterator[np.ndarray]:
    while batch := list(itertools.islice(rows, size)):
        yield np.stack(batch)


Batches = ArrayBatches | StreamBatches


def is_array(X: Any) -> bool:
    """Whether X holds its rows in memory, rather than streaming them."""
    return hasattr(X, "__array__") or isinstance(X, list | tuple)
