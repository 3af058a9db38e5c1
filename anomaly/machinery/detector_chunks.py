"""Functions of rows, compiled once, called on chunks of a bounded size; and their random draws."""

import math
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import tensorflow as tf

from anomaly.machinery.compilation import CompiledFunction

# Numbers in the rows that go through the networks at once: 64 images of 32x32x3. This bounds the
# memory, and the layers of more rows would not stay in the processor's cache.
CHUNK_NUMBERS = 64 * 32 * 32 * 3
CHUNK_ROWS = 8192
XLA_CHUNKS = 16  # so many chunks are worth XLA's time to compile
_PHILOX = 1  # TensorFlow's number of the algorithm
_BLOCK = 4  # numbers that one step of Philox's counter gives

# Maps a network's call, rows [row, ...], and their noise if there is any, to tensors with that
# first axis.
RowFunction = Callable[..., tuple[tf.Tensor, ...]]
# Maps the number of the first row, and how many there are, to their noise [row, ...].
Noise = Callable[[int, int], tf.Tensor]


def fresh_seed() -> int:
    """A seed from TensorFlow's global source, so that tf.random.set_seed makes it repeatable."""
    return int(tf.random.uniform([], maxval=2**31 - 1, dtype=tf.int32))


def chunk_rows(row_shape: Sequence[int], copies: int = 1) -> int:
    """Rows in one chunk, fewer where they are large or copied."""
    return max(1, min(CHUNK_NUMBERS // (math.prod(row_shape) * copies), CHUNK_ROWS // copies))


def row_noise(seed: int, first_row: int, rows: int, shape: Sequence[int]) -> tf.Tensor:
    """Standard normal [row, *shape], float32; row i of a data set depends on (seed, i) only.

    So a row has the same noise whatever chunk it comes in: Philox is a function of a counter, and
    each row owns a stretch of it.
    """
    numbers = math.prod(shape)
    blocks = -(-numbers // _BLOCK)
    noise = tf.raw_ops.StatelessRandomNormalV2(
        shape=[rows, blocks * _BLOCK],
        key=tf.constant([seed], tf.uint64),
        counter=tf.constant([first_row * blocks, 0], tf.uint64),
        alg=_PHILOX,
    )
    return tf.reshape(noise[:, :numbers], [rows, *shape])


class CompiledRows:
    """A function of rows that is compiled once for each kind of row.

    Args:
        function: What to compile.
        call: The network's call, for the function.
    """

    def __init__(self, function: RowFunction, call: Callable):
        self._function = function
        self._call = call
        self._compiled: dict[Hashable, CompiledFunction] = {}

    def chunks(
        self,
        X: np.ndarray,
        *,
        rows: int,
        batch_size: float,
        state: tuple[Hashable, ...],
        xla: bool,
        noise: Noise | None = None,
    ) -> Iterator[tuple[np.ndarray, ...]]:
        """The function's values for each chunk of rows in turn.

        Args:
            X: [row, ...].
            rows: In one chunk.
            batch_size: The same, if it is less.
            state: What the function reads besides its arguments and weights; when it changes, the
                function is compiled again.
            xla: Whether XLA makes the network faster.
            noise: Gives the function's last argument.
        """
        key = (X.shape[1:], X.dtype, rows, *state)
        if key not in self._compiled:
            self._compiled[key] = CompiledFunction(
                self._function, self._call, xla_rows=rows if xla else None
            )
        compiled = self._compiled[key]
        function = compiled if len(X) >= XLA_CHUNKS * rows else compiled.without_xla
        yield from _chunks(function, X, rows=int(min(rows, batch_size)), noise=noise)

    def repeatable_chunks(
        self, X: np.ndarray, *, rows: int, seed: int
    ) -> Iterator[tuple[np.ndarray, ...]]:
        """As `chunks`, for networks with draws of their own, which begin anew at the seed.

        TensorFlow's random ops take their seed when they are traced, so this traces each time.
        """

        def seeded(x: tf.Tensor) -> tuple[tf.Tensor, ...]:
            tf.random.set_seed(seed)  # of the graph that is being traced, not of the program
            return self._function(self._call, x)

        signature = [tf.TensorSpec([None, *X.shape[1:]], X.dtype)]
        traced = tf.function(seeded, input_signature=signature).get_concrete_function()
        with _keras_draws_from(seed, traced.variables):
            yield from _chunks(traced, X, rows=rows)


def _chunks(
    function: Callable, X: np.ndarray, *, rows: int, noise: Noise | None = None
) -> Iterator[tuple[np.ndarray, ...]]:
    for start in range(0, len(X), rows):
        inputs = [tf.convert_to_tensor(X[start : start + rows])]
        if noise:
            inputs.append(noise(start, len(inputs[0])))
        yield tuple(value.numpy() for value in function(*inputs))


@contextmanager
def _keras_draws_from(seed: int, variables: Sequence[tf.Variable]) -> Iterator[None]:
    states = [variable for variable in variables if "seed_generator_state" in variable.name]
    before = [state.numpy() for state in states]
    for number, state in enumerate(states):
        state.assign(tf.cast([seed % 2**32, number], state.dtype))
    try:
        yield
    finally:
        for state, value in zip(states, before, strict=True):
            state.assign(value)
