import numpy as np
import scipy.stats
import tensorflow as tf

from vae_wgan.settings.table_settings import TableSettings
from vae_wgan.table.table_flow import TableFlow
from vae_wgan.table.table_likelihoods import degrees_of_freedom

SETTINGS = TableSettings(model="flow", base_depth=6, n_flows=2)
SEED = np.array([0, 0], np.int32)


def random_flow(num_features: int, scale: float = 0.4) -> TableFlow:
    """With random weights: fresh ones make the flow the identity, which proves nothing."""
    flow = TableFlow(num_features, SETTINGS, seed=0)
    rng = np.random.default_rng(0)
    for weight in flow.trainable_weights:
        weight.assign(scale * rng.normal(size=weight.shape))
    return flow


def test_a_fresh_flow_is_student_t_per_feature():
    flow = TableFlow(3, SETTINGS, seed=0)
    rows = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    expected = scipy.stats.t.logpdf(rows, degrees_of_freedom(flow.raw_dof)).sum(axis=-1)
    scores = flow.scores(rows, None)
    assert list(scores) == ["log_likelihood"]
    np.testing.assert_allclose(scores["log_likelihood"], expected, rtol=1e-5)
    np.testing.assert_allclose(flow.training_loss(rows, SEED), -expected.mean(), rtol=1e-5)


def test_density_against_the_jacobian_by_automatic_differentiation():
    flow = random_flow(4)
    bijector, dof = flow.flows.bijector(), degrees_of_freedom(flow.raw_dof)
    rows = tf.constant(3 * np.random.default_rng(1).normal(size=(5, 4)), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(rows)
        noise = bijector.inverse(rows)
    _, log_det = np.linalg.slogdet(tape.batch_jacobian(noise, rows))
    expected = scipy.stats.t.logpdf(noise, dof).sum(axis=1) + log_det
    np.testing.assert_allclose(flow.distribution().log_prob(rows), expected, rtol=1e-4)


def test_density_of_two_features_integrates_to_one():
    flow = random_flow(2, scale=0.3)
    flow.raw_dof.assign([30.0, 30.0])  # light tails: a grid can hold them
    grid = np.linspace(-20, 20, 801, dtype=np.float32)
    rows = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 2)
    density = np.exp(flow.scores(rows, None)["log_likelihood"]).sum() * (grid[1] - grid[0]) ** 2
    np.testing.assert_allclose(density, 1, atol=0.01)


def test_all_weights_are_found_and_have_a_gradient():
    flow = TableFlow(3, SETTINGS, seed=0)
    assert len(flow.trainable_variables) == 2 * 6 + 1
    with tf.GradientTape() as tape:
        loss = flow.training_loss(tf.ones((2, 3)), SEED)
    gradients = tape.gradient(loss, flow.trainable_variables)
    assert all(gradient is not None for gradient in gradients)


def test_far_out_rows_have_a_finite_and_low_density():
    flow = random_flow(5)
    far = 1e4 * np.random.default_rng(0).normal(size=(50, 5)).astype(np.float32)
    scores = flow.scores(far, None)["log_likelihood"].numpy()
    assert np.isfinite(scores).all()
    assert scores.max() < flow.scores(np.zeros((1, 5), np.float32), None)["log_likelihood"][0]
