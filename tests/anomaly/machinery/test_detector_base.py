from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tensorflow as tf

from anomaly.machinery.detector_base import CompiledRows, chunk_rows, drawn_seed, row_noise
from tiny_detectors import ALL_DETECTORS, instance_scores, keras, layers, outlier_vae, rows


class DrawingLayer(layers.Layer):
    """Draws by TensorFlow's stateful operations."""

    def call(self, x):
        return x + tf.random.normal(tf.shape(x))


def drawing_vae(**options):
    return outlier_vae(vae=keras.Sequential([keras.Input((4,)), DrawingLayer()]), **options)


def unbuilt_vae(**options):
    encoder = keras.Sequential([layers.Dense(5, "tanh"), layers.Dense(2)])
    return outlier_vae(encoder_net=encoder, **options)


@pytest.mark.parametrize(
    "make", [*ALL_DETECTORS, drawing_vae, unbuilt_vae], ids=lambda make: make.__name__
)
def test_scores_are_right_from_several_threads(make):
    X, detector = rows(300), make()
    with ThreadPoolExecutor(4) as pool:  # the first calls build and compile at once
        answers = list(pool.map(lambda size: instance_scores(detector, X[:size]), [300, 9] * 8))
    expected = instance_scores(detector, X)
    for found in answers:
        np.testing.assert_allclose(found, expected[: len(found)], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("shape", [(3,), (4,), (2, 515)])
def test_noise_of_a_row_depends_on_the_seed_and_the_row_only(shape):
    X = rows(60)
    whole = row_noise(7, X, shape)
    backwards = np.concatenate([row_noise(7, row[None], shape) for row in X[::-1]])
    np.testing.assert_array_equal(backwards[::-1], whole)
    assert not np.any(whole == row_noise(8, X, shape))
    assert len(np.unique(whole)) > 0.99 * whole.size  # no stretch comes twice


def test_noise_is_standard_normal():
    noise = row_noise(0, rows(1000), (100,))
    assert abs(noise.mean()) < 0.01
    assert abs(noise.std() - 1) < 0.01
    assert abs(np.corrcoef(noise[:-1].ravel(), noise[1:].ravel())[0, 1]) < 0.01


def test_chunks_are_bounded_by_the_size_of_rows_and_their_samples():
    assert chunk_rows((32, 32, 3)) == 64
    assert chunk_rows((32, 32, 3), samples=10) == 6
    assert chunk_rows((4,)) == 8192
    assert chunk_rows((10**9,)) == 1


def test_a_function_sees_chunks_and_is_traced_once_for_all_sizes(monkeypatch):
    monkeypatch.setattr("anomaly.machinery.detector_base.CHUNK_ROWS", 4)
    traces = []

    def double(call, x):
        traces.append(x.shape[0])
        return (2 * call(x), tf.fill([1], tf.shape(x)[0]))

    network = keras.Sequential([keras.Input((4,)), layers.Identity()])
    compiled, X = CompiledRows(double, network), rows(10)
    for batch_size, expected in ((1e10, [4, 4, 2]), (3, [3, 3, 3, 1])):
        values, sizes = zip(*compiled.chunks(X, network, batch_size=batch_size), strict=True)
        np.testing.assert_allclose(np.concatenate(values), 2 * X, rtol=1e-6)
        np.testing.assert_array_equal(np.concatenate(sizes), expected)
    assert traces == [None]
    list(compiled.chunks(X, network, batch_size=9, state=("other",)))
    assert traces == [None, None]


def test_drawn_seeds_follow_tensorflows_seed_and_given_ones_stay():
    tf.random.set_seed(3)
    first = [drawn_seed(None), drawn_seed(None)]
    tf.random.set_seed(3)
    assert [drawn_seed(None), drawn_seed(None)] == first
    assert first[0] != first[1]
    assert drawn_seed(5) == 5
