"""The TensorFlow twins against the NumPy originals."""

import numpy as np
import pytest
import tensorflow as tf

from anomaly.exporting import graph_scores
from tools.scores import conformal
from tools.scores.ensemble_statistics import anomaly_scores
from tools.scores.input_statistics import input_statistics

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("likelihood", ["bernoulli", "continuous_bernoulli", "none"])
def test_input_properties(likelihood):
    images = (RNG.integers(0, 256, (4, 12, 12, 3)) / 255).astype(np.float32)
    expected = input_statistics(images, likelihood)
    found = graph_scores.input_properties(tf.constant(images), likelihood)
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-9)


@pytest.mark.parametrize("key", ["iwae", "rate"])
@pytest.mark.parametrize("statistic", ["mean", "variance", "waic"])
def test_statistics_of_members(key, statistic):
    values = RNG.normal(size=(3, 9))
    found = graph_scores.statistic_of_members(key, statistic, 1)(tf.constant(values))
    np.testing.assert_allclose(found, anomaly_scores(key, values, 1)[statistic], rtol=1e-9)


def test_p_values():
    calibration = np.sort(RNG.integers(0, 5, 20).astype(float))
    scores = np.array([-1.0, 0, 2, 2.5, 4, 9])
    found = graph_scores.p_values(tf.constant(scores), calibration)
    np.testing.assert_array_equal(found, conformal.p_values(scores, calibration))
