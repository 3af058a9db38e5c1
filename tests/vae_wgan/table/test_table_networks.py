import itertools

import numpy as np
import pytest

from vae_wgan.table.table_networks import compressed, dense_network


def network(hidden_units, activation="relu", first_seed=0):
    return dense_network(
        "encoder",
        4,
        3,
        hidden_units=hidden_units,
        activation=activation,
        next_seed=itertools.count(first_seed).__next__,
    )


@pytest.mark.parametrize("hidden_units", [(), (5,), (5, 6)])
def test_shapes_and_number_of_layers(hidden_units):
    made = network(hidden_units)
    assert made.output_shape == (None, 3)
    assert [layer.units for layer in made.layers] == [*hidden_units, 3]


@pytest.mark.parametrize(("hidden_units", "is_linear"), [((), True), ((5,), False)])
def test_without_hidden_units_it_is_linear(hidden_units, is_linear):
    made = network(hidden_units)
    rows = np.random.default_rng(0).normal(size=(2, 20, 4)).astype(np.float32)
    sums = made(rows[0]) + made(rows[1])
    assert np.allclose(made(rows[0] + rows[1]), sums, atol=1e-5) == is_linear


def test_weights_are_drawn_by_the_seeds():
    first, again, other = network((5,)), network((5,)), network((5,), first_seed=9)
    np.testing.assert_array_equal(first.get_weights()[0], again.get_weights()[0])
    assert np.any(first.get_weights()[0] != other.get_weights()[0])


def test_compressed_keeps_small_values_and_takes_the_logarithm_of_large_ones():
    np.testing.assert_allclose(
        compressed(np.array([-1e-3, 0.0, 1e-3])), [-1e-3, 0, 1e-3], rtol=1e-5
    )
    far = np.array([-1e4, 1e4])
    np.testing.assert_allclose(compressed(far), np.sign(far) * np.log(2 * abs(far)), rtol=1e-6)
