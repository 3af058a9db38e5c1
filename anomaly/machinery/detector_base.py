"""Base class of the detectors, and the compiled scoring of rows in chunks."""

import copy
import logging
import math
import re
import threading
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, ClassVar, Self
from zlib import crc32

import numpy as np
import tensorflow as tf

from anomaly import __version__
from anomaly.machinery.detector_batches import ArrayBatches, Batches, StreamBatches, is_array
from anomaly.machinery.detector_input import (
    ArgumentTypeError,
    checked_count,
    checked_number,
    checked_rows,
)
from anomaly.machinery.detector_networks import VariationalAutoEncoder, row_shape
from tools.errors import ArgumentError
from tools.run.seeds import normal_rows

_LOG = logging.getLogger(__name__)

# Numbers in the rows that go through the networks at once: 64 images of 32x32x3. This bounds the
# memory, and the layers of more rows would not stay in the processor's cache.
CHUNK_NUMBERS = 64 * 32 * 32 * 3
CHUNK_ROWS = 8192

# Maps a network's call, rows [row, ...], and their noise if there is any, to tensors [row, ...].
RowFunction = Callable[..., tuple[tf.Tensor, ...]]

# Scores [row], in a tuple where a detector has others besides.
Scores = np.ndarray | tuple[np.ndarray, ...]

_DRAWING_OPERATION = re.compile(
    r"Random|Truncated|Parameterized|Multinomial|Stateful(?!Partitioned)|(Eager)?PyFunc"
)
# Held while a network is built, or while one that draws its own noise draws from a given seed.
NETWORK_LOCK = threading.RLock()


class Detector:
    """Base of the detectors: higher scores are more anomalous, above the threshold is flagged.

    A class that can be saved implements `get_config`, `networks` and `from_saved`; `meta` and the
    files are the business of anomaly.machinery.detector_files.

    Args:
        threshold: Scores above it are flagged; None: not yet known.
        data_type: Kind of data, a word for `meta`.

    Attributes:
        detector_type: "outlier" or "adversarial", for `meta`.
        threshold_setter: Name of the method that sets the threshold.
    """

    detector_type: ClassVar[str]
    threshold_setter: ClassVar[str] = "infer_threshold"

    def __init__(self, threshold: float | None = None, data_type: str | None = None):
        self.threshold = None if threshold is None else checked_number("threshold", threshold)
        if threshold is None:
            _LOG.warning("%r has no threshold yet; %s sets it", self, self.threshold_setter)
        self.meta = {
            "name": type(self).__name__,
            "online": False,
            "data_type": data_type,
            "version": __version__,
            "detector_type": self.detector_type,
        }

    def __repr__(self) -> str:
        return type(self).__name__

    @property
    def threshold(self) -> float | None:
        """Scores above it are flagged; None: not yet known."""
        return self._threshold

    @threshold.setter
    def threshold(self, value: float | None) -> None:
        # JSON knows no NumPy numbers, such as np.percentile returns. Infinity flags nothing.
        self._threshold = None if value is None else float(value)

    @property
    def meta(self) -> dict[str, Any]:
        """Name, online, data_type, version and detector_type."""
        return self._meta

    @meta.setter
    def meta(self, value: dict[str, Any]) -> None:
        if not isinstance(value, dict):
            raise ArgumentTypeError(f"meta: must be a dict, is {type(value).__name__}")
        self._meta = value

    def fit(self, X: Any, *arguments: Any, **options: Any) -> object:
        """Trains the networks on normal data."""
        raise NotImplementedError

    def score(self, X: Any, *arguments: Any, **options: Any) -> Scores:
        """Scores of rows; higher = more anomalous."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """State besides the networks, in JSON types."""
        raise NotImplementedError(f"{self!r} cannot be saved")

    def networks(self) -> Mapping[str, tf.keras.Model | Mapping[str, np.ndarray]]:
        """The Keras models that are saved, or their weights {variable: array}, by file name."""
        raise NotImplementedError(f"{self!r} cannot be saved")

    @classmethod
    def from_saved(cls, config: Mapping[str, Any], networks: Mapping[str, Any]) -> Self:
        """The detector that had this `get_config()` and these `networks()`."""
        return cls(**config, **networks)

    def _rows(self, X: Any, network: tf.keras.Model) -> np.ndarray:
        """X as rows that the network takes; the network is built when they come back."""
        rows = checked_rows(X, shape=row_shape(network))
        if not network.built:
            with NETWORK_LOCK:
                network(rows[:1], training=False)
        return rows

    def _batches(
        self, X: Any, network: tf.keras.Model, batch_size: int, seed: int | None = None
    ) -> Batches:
        """Batches that `fit` reads; without a seed their order follows TensorFlow's global seed."""
        size, shape = checked_count("batch_size", batch_size), row_shape(network)
        if is_array(X):
            return ArrayBatches(self._rows(X, network), size, drawn_seed(seed))
        return StreamBatches(X, size, shape)

    def _set_threshold(self, scores: np.ndarray, percentage: float, margin: float = 0.0) -> None:
        checked_number("threshold_perc", percentage, at_least=0, at_most=100)
        checked_number("margin", margin)
        self.threshold = float(np.percentile(scores, percentage)) + margin

    def _require_threshold(self) -> None:
        if self.threshold is None:
            raise ArgumentError("threshold is None; call infer_threshold first, or set it")

    def _flags(self, scores: np.ndarray) -> np.ndarray:
        return (scores > self.threshold).astype(np.int64)

    def _result(self, **data: np.ndarray | None) -> dict[str, Any]:
        return {"data": data, "meta": copy.deepcopy(self.meta)}


def drawn_seed(seed: int | None) -> int:
    """The seed; for None one from TensorFlow's global source, which tf.random.set_seed repeats."""
    if seed is not None:
        return checked_count("seed", seed, at_least=0)
    return int(tf.random.uniform([], maxval=2**31 - 1, dtype=tf.int32))


class CompiledRows:
    """A function of rows, compiled once for each kind of row and called on chunks of them.

    Any number of threads may call it at once.

    Args:
        function: The function to compile.
        call: The network's call, which becomes the function's first argument.
    """

    def __init__(self, function: RowFunction, call: Callable):
        self._function = function
        self._call = call
        self._compiled: dict[Hashable, Callable] = {}
        self._draws: dict[Hashable, bool] = {}  # whether networks that are not ours draw noise

    def chunks(
        self,
        X: np.ndarray,
        network: tf.keras.Model,
        *,
        batch_size: float,
        state: tuple[Hashable, ...] = (),
        samples: int = 1,
        seed: int | None = None,
    ) -> Iterator[tuple[np.ndarray, ...]]:
        """The function's values for each chunk of rows in turn.

        With a seed they are the same in each call. The noise of a VariationalAutoEncoder is the
        function's last argument and depends on the seed and the row alone. Another model that
        draws its own noise draws it anew from the seed, in chunks of one size.

        Args:
            X: Rows [row, ...].
            network: The network that is called.
            batch_size: Most rows in a chunk; large rows come in smaller ones.
            state: Values that the function reads besides its arguments and weights; when one
                changes, the function is compiled again.
            samples: Calls of the network for each row.
            seed: Seed of the draws; None: the network draws nothing.
        """
        rows = chunk_rows(X.shape[1:], samples)
        key = (X.shape[1:], X.dtype, rows, network, samples, *state)
        signature = [tf.TensorSpec([None, *X.shape[1:]], X.dtype)]
        noise_of: Callable[[np.ndarray], np.ndarray] | None = None
        if isinstance(network, VariationalAutoEncoder):
            shape = (samples, network.latent_dim)
            noise_of = partial(row_noise, drawn_seed(seed), shape=shape)
            signature.append(tf.TensorSpec([None, *shape], tf.float32))
        elif seed is not None and self._draws.get(key, True):
            values, self._draws[key] = self._seeded_chunks(X, rows, seed)
            yield from values
            return
        if key not in self._compiled:
            function = partial(self._function, self._call)
            self._compiled[key] = tf.function(function, input_signature=signature)
        compiled = self._compiled[key]
        for chunk in _split(X, int(min(rows, batch_size))):
            inputs = [chunk] if noise_of is None else [chunk, noise_of(chunk)]
            values = compiled(*map(tf.convert_to_tensor, inputs))
            yield tuple(value.numpy() for value in values)

    def _seeded_chunks(
        self, X: np.ndarray, rows: int, seed: int
    ) -> tuple[list[tuple[np.ndarray, ...]], bool]:
        """The values with all draws begun anew at the seed; and whether there are any draws.

        TensorFlow's random operations take their seed when they are traced, so this traces anew.
        """

        def seeded(x: tf.Tensor) -> tuple[tf.Tensor, ...]:
            tf.random.set_seed(seed)  # of the graph that is being traced, not of the program
            return self._function(self._call, x)

        signature = [tf.TensorSpec([None, *X.shape[1:]], X.dtype)]
        with NETWORK_LOCK:
            traced = tf.function(seeded, input_signature=signature).get_concrete_function()
            states = [each for each in traced.variables if "seed_generator_state" in each.name]
            with _keras_draws_from(seed, states):
                values = [
                    tuple(value.numpy() for value in traced(tf.convert_to_tensor(chunk)))
                    for chunk in _split(X, rows)
                ]
        definition = traced.graph.as_graph_def()
        nodes = [*definition.node, *(n for f in definition.library.function for n in f.node_def)]
        return values, bool(states) or any(_DRAWING_OPERATION.match(node.op) for node in nodes)


def chunk_rows(shape: Sequence[int], samples: int = 1) -> int:
    """Rows of this shape in one chunk, fewer where they are large or have many samples."""
    return max(1, min(CHUNK_NUMBERS // (math.prod(shape) * samples), CHUNK_ROWS // samples))


def row_noise(seed: int, rows: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    """Standard normal [row, *shape], float32; each row's depends on the seed and the row only."""
    contents = np.ascontiguousarray(rows, np.float32)
    return normal_rows(seed, np.array([crc32(row) for row in contents]), shape)


def _split(X: np.ndarray, rows: int) -> Iterator[np.ndarray]:
    return (X[start : start + rows] for start in range(0, len(X), rows))


@contextmanager
def _keras_draws_from(seed: int, states: Sequence[tf.Variable]) -> Iterator[None]:
    """Lets Keras's seed generators start at the seed, and gives them their state back."""
    before = [state.numpy() for state in states]
    for number, state in enumerate(states):
        state.assign(tf.cast([seed % 2**32, number], state.dtype))
    try:
        yield
    finally:
        for state, value in zip(states, before, strict=True):
            state.assign(value)
