import numpy as np
import pytest
import tensorflow as tf

from input_errors import message_of
from vae_wgan.ensemble.model_state import load_state_arrays, set_to_zero, state_arrays


def dense(units: int) -> tf.keras.layers.Layer:
    layer = tf.keras.layers.Dense(units, name="dense")
    layer.build((None, 3))
    return layer


def test_arrays_go_back_into_another_model_of_the_same_kind():
    first, second = dense(2), dense(2)
    load_state_arrays(second.variables, state_arrays(first.variables))
    np.testing.assert_array_equal(second.kernel, first.kernel)


@pytest.mark.parametrize("change", ["shape", "missing", "unknown"])
def test_arrays_of_another_model_are_refused_and_nothing_is_changed(change):
    layer = dense(2)
    before = state_arrays(layer.variables)
    arrays = {path: array + 1 for path, array in before.items()}
    if change == "shape":
        arrays = {path: array[..., :1] for path, array in arrays.items()}
    elif change == "missing":
        arrays.popitem()
    else:
        arrays["more"] = np.zeros(1)
    assert "other weights" in message_of(load_state_arrays, layer.variables, arrays)
    for path, array in state_arrays(layer.variables).items():
        np.testing.assert_array_equal(array, before[path])


def test_zeros_everywhere():
    layer = dense(2)
    set_to_zero(layer.variables)
    assert not any(array.any() for array in state_arrays(layer.variables).values())


def test_an_array_of_another_type_is_refused():
    variable = tf.keras.Variable(np.zeros(3, np.float32), name="kernel")
    for other in (np.zeros(3), np.array(["a", "b", "c"]), np.zeros(3, np.complex64)):
        message = message_of(load_state_arrays, [variable], {variable.path: other})
        assert "other weights" in message


def test_integers_of_another_size_are_taken_by_their_value():
    variable = tf.keras.Variable(np.zeros(3, np.int64), name="permutation", dtype="int64")
    load_state_arrays([variable], {variable.path: np.array([2, 0, 1], np.int32)})
    assert variable.numpy().tolist() == [2, 0, 1]
