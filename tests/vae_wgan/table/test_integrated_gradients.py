"""Shares of a score's rise sum to it, and are what a closed form says."""

import numpy as np
import tensorflow as tf

from vae_wgan.table.integrated_gradients import integrated_gradients

RNG = np.random.default_rng(0)


def test_of_a_quadratic_score_they_are_the_closed_form():
    root = RNG.normal(size=(4, 4))
    matrix = root @ root.T
    rows, normal = RNG.normal(size=(2, 5, 4))
    found = integrated_gradients(
        lambda x: tf.reduce_sum((x @ matrix) * x, axis=1), tf.constant(rows), tf.constant(normal)
    )
    way = rows - normal
    np.testing.assert_allclose(found, way * ((rows + normal) @ matrix), rtol=1e-9)


def test_they_sum_to_the_rise_of_any_score():
    def score(x):
        return tf.reduce_sum(tf.math.log1p(x**2), axis=1) + tf.reduce_prod(tf.tanh(x), axis=1)

    rows, normal = (tf.constant(10 * RNG.normal(size=(6, 3))) for _ in range(2))
    found = integrated_gradients(score, rows, normal)
    np.testing.assert_allclose(tf.reduce_sum(found, 1), score(rows) - score(normal), rtol=1e-9)


def test_a_row_that_is_the_normal_one_has_none():
    row = tf.ones((1, 3))
    found = integrated_gradients(lambda x: tf.reduce_sum(x**2, axis=1), row, row)
    np.testing.assert_array_equal(found, 0)
