import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from vae_wgan.table.table_likelihoods import LOWEST_SCALE, degrees_of_freedom, feature_likelihood

RNG = np.random.default_rng(0)
ROWS = 3 * RNG.normal(size=(5, 3)).astype(np.float32)
OUTPUTS = RNG.normal(size=(5, 3, 2)).astype(np.float32)
LOC, SCALE = OUTPUTS[..., 0], LOWEST_SCALE + np.log1p(np.exp(OUTPUTS[..., 1]) * np.expm1(1))


def test_gaussian_against_scipy():
    expected = scipy.stats.norm.logpdf(ROWS, LOC, SCALE).sum(axis=-1)
    found = feature_likelihood("gaussian", 3).distribution(OUTPUTS).log_prob(ROWS)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_student_t_against_scipy_with_degrees_of_freedom_of_its_own_per_feature():
    likelihood = feature_likelihood("student_t", 3)
    likelihood.raw_dof.assign([-1.0, 0.5, 3.0])
    dof = 0.5 + np.log1p(np.exp([-1.0, 0.5, 3.0]))
    np.testing.assert_allclose(degrees_of_freedom(likelihood.raw_dof), dof, rtol=1e-6)
    expected = scipy.stats.t.logpdf(ROWS, dof, LOC, SCALE).sum(axis=-1)
    np.testing.assert_allclose(likelihood.distribution(OUTPUTS).log_prob(ROWS), expected, rtol=1e-4)


def test_degrees_of_freedom_are_learned():
    likelihood = feature_likelihood("student_t", 3)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(likelihood.distribution(OUTPUTS).log_prob(ROWS))
    (gradient,) = tape.gradient(loss, likelihood.trainable_variables)
    assert np.all(gradient != 0)


def test_bernoulli_is_the_cross_entropy_on_any_real_number():
    outputs = OUTPUTS[..., :1]
    p = 1 / (1 + np.exp(-outputs[..., 0].astype(np.float64)))
    expected = (ROWS * np.log(p) + (1 - ROWS) * np.log(1 - p)).sum(axis=-1)
    found = feature_likelihood("bernoulli", 3).distribution(outputs).log_prob(ROWS)
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_an_unknown_likelihood_is_an_error():
    with pytest.raises(KeyError):
        feature_likelihood("poisson", 3)
