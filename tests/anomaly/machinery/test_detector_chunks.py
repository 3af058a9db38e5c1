import numpy as np
import pytest
import tensorflow as tf

from anomaly.machinery.compilation import CompiledFunction, profits_from_xla
from anomaly.machinery.detector_chunks import CompiledRows, chunk_rows, fresh_seed, row_noise
from anomaly.machinery.detector_networks import AutoEncoder
from tiny_detectors import dense_networks, keras, layers, rows


def transposed_networks():
    encoder = [keras.Input((8, 8, 1)), layers.Conv2D(3, 3, strides=2, padding="same")]
    decoder = [keras.Input((4, 4, 3)), layers.Conv2DTranspose(1, 3, strides=2, padding="same")]
    return keras.Sequential(encoder), keras.Sequential(decoder)


@pytest.mark.parametrize("shape", [(3,), (4,), (2, 515)])
def test_noise_of_a_row_depends_on_the_seed_and_its_number_only(shape):
    whole = row_noise(7, 0, 300, shape).numpy()
    parts = [row_noise(7, start, min(37, 300 - start), shape) for start in range(0, 300, 37)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    assert not np.any(whole == row_noise(8, 0, 300, shape).numpy())
    assert len(np.unique(whole)) > 0.99 * whole.size  # no stretch comes twice


def test_noise_is_standard_normal():
    noise = row_noise(0, 10**6, 1000, (100,)).numpy()
    assert abs(noise.mean()) < 0.01
    assert abs(noise.std() - 1) < 0.01
    assert abs(np.corrcoef(noise[:-1].ravel(), noise[1:].ravel())[0, 1]) < 0.01


def test_chunks_are_bounded_by_the_size_of_rows_and_their_copies():
    assert chunk_rows((32, 32, 3)) == 64
    assert chunk_rows((32, 32, 3), copies=10) == 6
    assert chunk_rows((4,)) == 8192
    assert chunk_rows((10**9,)) == 1


def test_a_function_sees_chunks_and_is_traced_once_for_all_sizes():
    traces, sizes = [], []

    def add(call, x, number):
        traces.append(x.shape[0])
        return (call(x) + number,)

    def noise(first, count):
        sizes.append((first, count))
        return tf.fill([count, 1], float(first))

    compiled, X = CompiledRows(add, lambda x: 2 * x), rows(10)
    options = {"rows": 4, "state": (), "xla": False, "noise": noise}
    for batch_size in (1e10, 3):
        chunks = [value for (value,) in compiled.chunks(X, batch_size=batch_size, **options)]
        first = np.repeat([start for start, _ in sizes], [count for _, count in sizes])
        np.testing.assert_allclose(np.concatenate(chunks), 2 * X + first[:, None], rtol=1e-6)
        assert sizes == (
            [(0, 4), (4, 4), (8, 2)] if batch_size > 3 else [(0, 3), (3, 3), (6, 3), (9, 1)]
        )
        sizes.clear()
    assert traces == [None]
    list(compiled.chunks(X, batch_size=9, **options | {"state": ("other",)}))
    assert traces == [None, None]


def test_xla_gives_the_same_numbers_for_its_size_and_others_go_without():
    network = AutoEncoder(*transposed_networks())
    X = np.random.default_rng(0).random((5, 8, 8, 1), np.float32)
    weights = network.trainable_variables

    def error_and_gradients(call, x):
        with tf.GradientTape() as tape:
            error = tf.reduce_mean((x - call(x)) ** 2)
        return [error, *tape.gradient(error, weights)]

    plain = CompiledFunction(error_and_gradients, network)
    by_xla = CompiledFunction(error_and_gradients, network, xla_rows=4)
    for part in (X[:4], X):
        part = tf.constant(part)
        for one, other in zip(by_xla(part), plain(part), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_what_xla_cannot_compile_runs_without_it():
    def find(x):
        return tf.py_function(lambda numbers: numbers.numpy() + 1, [x], tf.float32)

    compiled = CompiledFunction(lambda call, x: call(x), find, xla_rows=4)
    for count in (4, 2, 4):
        np.testing.assert_array_equal(compiled(tf.zeros([count, 1])), np.ones((count, 1)))


def test_xla_is_for_our_networks_with_transposed_convolutions():
    ours, dense = AutoEncoder(*transposed_networks()), AutoEncoder(**dense_networks())
    on_a_cpu = not tf.config.list_physical_devices("GPU")
    assert profits_from_xla(ours) == on_a_cpu
    assert not profits_from_xla(dense)
    assert not profits_from_xla(transposed_networks()[1])


def test_fresh_seeds_follow_tensorflows_seed():
    tf.random.set_seed(3)
    first = [fresh_seed(), fresh_seed()]
    tf.random.set_seed(3)
    assert [fresh_seed(), fresh_seed()] == first
    assert first[0] != first[1]
