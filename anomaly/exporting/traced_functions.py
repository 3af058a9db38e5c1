"""Forms for traced arrays of what the scores compute by SciPy, scikit-learn and zlib."""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import tensorflow as tf
from scipy.ndimage import gaussian_filter1d

from anomaly.exporting.graph_scores import input_properties, power_of_yeo_johnson
from anomaly.exporting.traced_arrays import TracedArray
from tools.scores.calibrated import yeo_johnson
from tools.scores.input_statistics import input_statistics
from tools.scores.nearest import Found, nearest
from tools.scores.pictures.smoothing import smoothed

Form = TypeVar("Form", bound=Callable[..., object])


def _for_traced(function: Any) -> Callable[[Form], Form]:
    """Decorator of a form for traced arrays; to type checkers the function takes NumPy's only."""
    registered: Callable[[Form], Form] = function.register(TracedArray)
    return registered


@_for_traced(nearest)
def _(places: TracedArray, known: np.ndarray, count: int) -> Found:
    rows, others = places.tensor, places.tensor_of(known.astype(places.dtype, copy=False))
    squares = tf.reduce_sum(others**2, axis=1) - 2 * tf.matmul(rows, others, transpose_b=True)
    numbers = tf.math.top_k(-squares, count).indices
    # By differences, as small distances drown in the rounding of large squares.
    steps = rows[:, tf.newaxis] - tf.gather(others, numbers)
    distances = tf.sqrt(tf.reduce_sum(steps**2, axis=2))
    order = tf.argsort(distances, axis=1, stable=True)
    found: Any = [  # in place of arrays
        places.like(tf.gather(values, order, batch_dims=1)) for values in (distances, numbers)
    ]
    return Found(*found)


@_for_traced(smoothed)
def _(maps: TracedArray, reach: float, mode: str = "nearest") -> TracedArray:
    tensor = maps.tensor
    for axis in (1, 2):
        filtered = gaussian_filter1d(np.eye(maps.shape[axis]), reach, axis=0, mode=mode)
        matrix = tf.constant(filtered, tensor.dtype)  # smoothing is linear
        product = tf.tensordot(tensor, matrix, [[axis], [1]])
        tensor = tf.experimental.numpy.moveaxis(product, -1, axis)
    return maps.like(tensor)


@_for_traced(input_statistics)
def _(images: TracedArray, likelihood: str) -> dict[str, TracedArray]:
    found = input_properties(images.tensor, likelihood)
    return {name: images.like(values) for name, values in found.items()}


@_for_traced(yeo_johnson)
def _(values: TracedArray, powers: np.ndarray) -> TracedArray:
    return values.like(power_of_yeo_johnson(values.tensor, powers))
