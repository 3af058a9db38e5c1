import numpy as np
import pytest
import scipy.special
import scipy.stats
import tensorflow as tf

from anomaly import elbo
from anomaly.machinery.detector_losses import (
    DISTANCES,
    balanced_squared_error,
    fitted_elbo,
    hidden_divergence,
    kl_divergence,
    normal_loss,
    with_temperature,
)


def pairs(number=6, size=3, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(number, size)), rng.normal(size=(number, size))


def mean_log_density(y_true, y_pred, covariance):
    normal = scipy.stats.multivariate_normal(cov=covariance)
    return np.mean([normal.logpdf(one - other) for one, other in zip(y_true, y_pred, strict=True)])


def probabilities(number=5, classes=4, seed=0):
    return np.random.default_rng(seed).dirichlet(np.ones(classes), size=number)


def covariance(size=3):
    root = np.random.default_rng(1).normal(size=(size, size))
    return root @ root.T + np.eye(size)


@pytest.mark.parametrize(
    ("option", "matrix"),
    [
        ({}, np.eye(3)),
        ({"sim": 0.05}, 0.05**2 * np.eye(3)),
        ({"cov_diag": np.array([0.5, 1.0, 2.0])}, np.diag([0.25, 1.0, 4.0])),  # deviations
        ({"cov_full": covariance()}, covariance()),
    ],
    ids=["identity", "sim", "cov_diag", "cov_full"],
)
def test_elbo_is_minus_the_mean_log_density_of_scipy(option, matrix):
    y_true, y_pred = pairs()
    loss = elbo(tf.constant(y_true), tf.constant(y_pred), **option)
    np.testing.assert_allclose(loss, -mean_log_density(y_true, y_pred, matrix), rtol=1e-10)


def test_elbo_flattens_images_and_is_negative_for_a_narrow_fit():
    y_true, y_pred = (part.reshape(2, 3, 3, 1) for part in pairs(number=6))
    flat = elbo(tf.constant(y_true.reshape(2, 9)), tf.constant(y_pred.reshape(2, 9)), sim=0.5)
    np.testing.assert_allclose(elbo(tf.constant(y_true), tf.constant(y_pred), sim=0.5), flat)
    assert elbo(tf.constant(y_true), tf.constant(y_true), sim=0.05) < 0


@pytest.mark.parametrize(
    "options",
    [{"sim": 0.1, "cov_diag": np.ones(3)}, {"sim": 0.0}, {"sim": -1.0}, {"cov_diag": np.zeros(3)}],
)
def test_elbo_refuses_two_covariances_and_deviations_that_are_not_above_zero(options):
    with pytest.raises(ValueError, match=r"sim|cov_diag"):
        elbo(tf.zeros([2, 3]), tf.zeros([2, 3]), **options)


def test_fitted_elbo_takes_the_covariance_from_all_rows_whatever_the_batches():
    data = np.random.default_rng(2).normal(100.0, [1.0, 2.0, 3.0], size=(50, 3)) @ covariance()
    y_true, y_pred = pairs()
    arguments = tf.constant(y_true), tf.constant(y_pred)
    full = np.cov(data.T, bias=True)
    for batches in ([data], np.array_split(data, 7)):
        for name, matrix in (("cov_full", full), ("cov_diag", np.diag(np.diag(full)))):
            loss = fitted_elbo({name: None}, batches)(*arguments)
            # A millionth of the variances is added to them.
            np.testing.assert_allclose(loss, -mean_log_density(y_true, y_pred, matrix), rtol=1e-3)
    np.testing.assert_allclose(
        fitted_elbo({"sim": 0.3}, [])(*arguments), elbo(*arguments, sim=0.3), rtol=1e-12
    )


def test_fitted_elbo_is_finite_for_constant_and_collinear_columns():
    column = np.random.default_rng(0).normal(size=(20, 1))
    data = np.hstack([column, 2 * column, np.full((20, 1), 5.0)])
    for name in ("cov_full", "cov_diag"):
        loss = fitted_elbo({name: None}, [data])(tf.zeros([2, 3]), tf.ones([2, 3]))
        assert np.isfinite(loss)


@pytest.mark.parametrize("option", [{}, {"sim": 1, "cov_diag": None}, {"variance": 1}, 0.05])
def test_fitted_elbo_wants_one_known_key(option):
    with pytest.raises(ValueError, match="cov_elbo"):
        fitted_elbo(option, [])
    with pytest.raises(ValueError, match="constant"):
        fitted_elbo({"cov_diag": None}, [np.ones((5, 3))])


def test_normal_loss_of_a_diagonal_is_that_of_its_matrix():
    y_true, y_pred = map(tf.constant, pairs())
    root = tf.constant([0.5, 1.0, 3.0], tf.float64)
    of_matrix = normal_loss(y_true, y_pred, tf.linalg.diag(root))
    np.testing.assert_allclose(normal_loss(y_true, y_pred, root), of_matrix, rtol=1e-12)


def test_divergences_have_their_direction_and_are_clipped():
    p, q = probabilities(seed=0), probabilities(seed=1)
    np.testing.assert_allclose(kl_divergence(p, q), (p * np.log(p / q)).sum(axis=1), rtol=1e-6)
    np.testing.assert_allclose(DISTANCES["kld"](p, q), scipy.special.rel_entr(p, q).sum(axis=1))
    np.testing.assert_allclose(DISTANCES["xent"](p, q), -(p * np.log(q)).sum(axis=1), rtol=1e-6)
    sure = tf.constant([[1.0, 0.0]])
    np.testing.assert_allclose(kl_divergence(sure, sure[:, ::-1]), -np.log(1e-7), rtol=1e-5)


def test_temperature_sharpens_below_one_and_does_not_underflow():
    p = probabilities()
    np.testing.assert_allclose(
        with_temperature(tf.constant(p), 0.5), p**2 / (p**2).sum(axis=1, keepdims=True)
    )
    assert with_temperature(p, 1) is p
    tiny = with_temperature(tf.constant([[0.1, 0.1, 0.05]]), 0.01)
    np.testing.assert_allclose(tiny, [[0.5, 0.5, 0.0]], atol=1e-6)


def test_hidden_divergence_is_the_weighted_sum():
    p, q = probabilities(seed=0), probabilities(seed=1)
    expected = 2 * kl_divergence(p, q) + 0.5 * kl_divergence(q, p)
    np.testing.assert_allclose(hidden_divergence([p, q], [q, p], [2.0, 0.5]), expected)
    assert hidden_divergence([], [], []) == 0


def test_balanced_squared_error_has_the_scale_of_the_divergence():
    x, x_recon = pairs()
    kl = np.random.default_rng(3).random(6)
    error = (x - x_recon) ** 2
    expected = kl.std() / error.std() * error.mean()
    found = balanced_squared_error(tf.constant(x), tf.constant(x_recon), tf.constant(kl))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_balanced_squared_error_of_one_row_has_a_finite_gradient():
    x, kl = tf.constant([[1.0, 2.0]]), tf.constant([0.3])
    with tf.GradientTape() as tape:
        tape.watch([x, kl])
        loss = balanced_squared_error(x, x * 2, kl * tf.reduce_sum(x))
    assert np.all(np.isfinite(tape.gradient(loss, x)))
