import numpy as np
import pytest
import tensorflow as tf

from vae_wgan.settings.table_settings import TableSettings
from vae_wgan.table.table_vae import TableVAE

SMALL = {"latent_size": 2, "base_depth": 4, "n_flows": 2, "train_samples": 3}
ROWS = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
SEED = np.array([0, 1], np.int32)
NOISE = np.random.default_rng(1).normal(size=(400, 1, 2)).astype(np.float32)


def make_vae(seed=0, **changed):
    return TableVAE(3, TableSettings(**(SMALL | changed)), seed=seed)


@pytest.mark.parametrize("likelihood", ["student_t", "gaussian", "bernoulli"])
def test_shapes_of_the_three_distributions(likelihood):
    vae = make_vae(likelihood=likelihood)
    posterior = vae.encode(ROWS)
    assert (posterior.batch_shape, posterior.event_shape) == ((6,), (2,))
    assert vae.decode(posterior.sample(5, seed=(0, 0))).log_prob(ROWS).shape == (5, 6)
    assert vae.prior().sample(4, seed=(0, 0)).shape == (4, 2)


def test_the_reference_has_one_linear_layer_each_and_reads_plain_rows():
    vae = make_vae(hidden_layers=0, likelihood="bernoulli")
    assert [len(network.layers) for network in (vae.encoder, vae.decoder)] == [1, 1]
    sums = vae.encode(2 * ROWS[:3]).mean() + vae.encode(ROWS[3:]).mean()
    np.testing.assert_allclose(
        vae.encode(2 * ROWS[:3] + ROWS[3:]).mean(), sums, rtol=1e-4, atol=1e-5
    )


def test_all_variables_of_all_parts_are_found():
    vae = make_vae()
    parts = (vae.encoder, vae.decoder, vae.prior_network, vae.likelihood)
    assert len(vae.trainable_variables) == sum(len(part.trainable_variables) for part in parts)
    paths = [variable.path for variable in vae.variables]
    assert len(set(paths)) == len(paths) == 6 + 6 + 2 * 6 + 1 + 1  # a permutation, raw_dof


def test_loss_is_the_mean_of_beta_times_rate_plus_distortion():
    rows = np.repeat(ROWS, 2000, axis=0)
    for beta in (1.0, 3.0):
        vae = make_vae(beta=beta)
        scores = vae.scores(ROWS, NOISE)
        expected = np.mean(beta * scores["rate"] + scores["distortion"])
        np.testing.assert_allclose(vae.training_loss(rows, SEED), expected, rtol=0.1)


def test_closed_form_of_the_rate_is_used_where_it_is_asked_for():
    options = {"use_NF": False, "mixture_components": 1}
    sampled = make_vae(**options).scores(ROWS, NOISE)["rate"]
    exact = make_vae(**options, analytic_kl=True).scores(ROWS, NOISE)["rate"]
    assert np.any(exact != sampled)
    np.testing.assert_allclose(exact, sampled, atol=0.2)


def test_initial_weights_depend_on_the_seed_only():
    first, again, other = (make_vae(seed).get_weights() for seed in (0, 0, 1))
    assert all(np.array_equal(one, same) for one, same in zip(first, again, strict=True))
    assert sum(not np.array_equal(one, two) for one, two in zip(first, other, strict=True)) > 9


def test_every_weight_has_a_gradient():
    vae = make_vae()
    with tf.GradientTape() as tape:
        loss = vae.training_loss(tf.constant(ROWS), SEED)
    gradients = tape.gradient(loss, vae.trainable_variables)
    assert all(gradient is not None for gradient in gradients)
