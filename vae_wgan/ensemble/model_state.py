"""A model's variables as named arrays, and back: what a checkpoint holds."""

from collections.abc import Iterable, Mapping

import numpy as np
import tensorflow as tf

from tools.errors import InputError


class Stateful:
    """What training changes, as arrays by name, and back.

    Attributes:
        variables: Weights and the optimizers' variables: all that training changes or needs.
    """

    variables: list[tf.keras.Variable]

    def state(self) -> dict[str, np.ndarray]:
        """All variables by path."""
        return state_arrays(self.variables)

    def load_state(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Takes back what `state` returned.

        Raises:
            InputError: The arrays are not those of this model.
        """
        load_state_arrays(self.variables, arrays)


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
    wanted = {path: (tuple(v.shape), tf.as_dtype(v.dtype).name) for path, v in by_path.items()}
    if wanted != {path: (array.shape, array.dtype.name) for path, array in arrays.items()}:
        raise InputError(
            "a checkpoint holds other weights than this version's model has; train again with "
            "--delete_existing or in another --model_dir"
        )
    for path, variable in by_path.items():
        variable.assign(arrays[path])


def set_to_zero(variables: Iterable[tf.keras.Variable]) -> None:
    """The state of an optimizer that has made no step."""
    for variable in variables:
        variable.assign(tf.zeros_like(variable))
