"""A model's variables as named arrays and back, as a checkpoint has them, and functions of them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tools.errors import InputError

Weights = Sequence[tf.Tensor]  # of a network, in the order of its variables


def state_arrays(variables: Iterable[tf.keras.Variable]) -> dict[str, np.ndarray]:
    """The variables' values by path."""
    return {variable.path: variable.numpy() for variable in variables}


def load_state_arrays(
    variables: Iterable[tf.keras.Variable], arrays: Mapping[str, np.ndarray]
) -> None:
    """Gives the variables back what `state_arrays` returned.

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
    """Raises InputError where the arrays are not those of variables like these."""
    wanted = {v.path: (tuple(v.shape), _type(tf.as_dtype(v.dtype).name)) for v in variables}
    if wanted != {path: (array.shape, _type(array.dtype.name)) for path, array in arrays.items()}:
        raise InputError(
            "a checkpoint holds other weights than this version's model has; train again with "
            "--delete_existing or in another --model_dir"
        )


def _type(name: str) -> str:
    """The type's name; one for integers of any size: permutations were once saved as int32."""
    return "integer" if "int" in name else name


def set_to_zero(variables: Iterable[tf.keras.Variable]) -> None:
    """The state of an optimizer that has made no step."""
    for variable in variables:
        variable.assign(tf.zeros_like(variable))


def with_weights(network: tf.keras.Model, weights: Weights) -> tf.keras.StatelessScope:
    """A context in which, for this thread, the network computes with these weights."""
    values = zip(network.variables, weights, strict=True)
    return tf.keras.StatelessScope(values, initialize_variables=False)


def function_of_weights(
    network: tf.keras.Model, function: Callable[..., Any], *, xla: bool
) -> Callable[..., Any]:
    """A function that uses the network, compiled with the network's weights as first argument.

    One graph serves all members, and any number of threads may call it at once: it reads no
    variable of the network.

    Args:
        network: Its variables are replaced by the weights, in their order.
        function: From further arguments to tensors.
        xla: Compiles with XLA.
    """

    def pure(weights: Weights, *arguments: tf.Tensor) -> Any:
        with with_weights(network, weights):
            return function(*arguments)

    return tf.function(pure, jit_compile=xla, autograph=False)
