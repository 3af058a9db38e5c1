"""Converts a model's variables to named arrays and back; compiles functions of the weights."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tools.errors import InputError

Weights = Sequence[tf.Tensor]  # values of a network's variables, in their order


def state_arrays(variables: Iterable[tf.keras.Variable]) -> dict[str, np.ndarray]:
    """The variables' values, by path."""
    return {variable.path: variable.numpy() for variable in variables}


def load_state_arrays(
    variables: Iterable[tf.keras.Variable], arrays: Mapping[str, np.ndarray]
) -> None:
    """Assigns the arrays that `state_arrays` returned to the variables.

    Raises:
        InputError: The arrays are not those of this model.
    """
    by_path = {variable.path: variable for variable in variables}
    check_state_arrays(by_path.values(), arrays)
    for path, variable in by_path.items():
        variable.assign(arrays[path])


def check_state_arrays(
    variables: Iterable[tf.keras.Variable], arrays: Mapping[str, np.ndarray]
) -> None:
    """Raises InputError if paths, shapes or types of arrays and variables differ."""
    wanted = {v.path: (tuple(v.shape), _type(tf.as_dtype(v.dtype).name)) for v in variables}
    if wanted != {path: (array.shape, _type(array.dtype.name)) for path, array in arrays.items()}:
        raise InputError(
            "a checkpoint holds other weights than this version's model has; train again with "
            "--delete_existing or in another --model_dir"
        )


def _type(name: str) -> str:
    """The type's name; all integers count as one: old checkpoints hold int32 permutations."""
    return "integer" if "int" in name else name


def set_to_zero(variables: Iterable[tf.keras.Variable]) -> None:
    """Resets an optimizer's variables to their state before the first step."""
    for variable in variables:
        variable.assign(tf.zeros_like(variable))


def with_weights(network: tf.keras.Model, weights: Weights) -> tf.keras.StatelessScope:
    """Context in which the network computes with these weights, in this thread."""
    values = zip(network.variables, weights, strict=True)
    return tf.keras.StatelessScope(values, initialize_variables=False)


def function_of_weights(
    network: tf.keras.Model, function: Callable[..., Any], *, xla: bool
) -> Callable[..., Any]:
    """Compiles a function that uses a network, with the network's weights as first argument.

    The graph reads no variable of the network, so all members and threads can use it at once.

    Args:
        network: The network whose variables the weights replace, in their order.
        function: Maps the further arguments to tensors.
        xla: Whether to compile with XLA.
    """

    def pure(weights: Weights, *arguments: tf.Tensor) -> Any:
        with with_weights(network, weights):
            return function(*arguments)

    return tf.function(pure, jit_compile=xla, autograph=False)
