import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from vae_wgan.vae.priors import (
    FlowPrior,
    MaskedNetwork,
    MixturePrior,
    autoregressive_masks,
    clip_keeping_gradient,
    make_prior,
    positive_scale,
)


def randomized(layer, seed=0, scale=0.3):
    """The layer with random weights: fresh ones make a flow the identity, which proves nothing."""
    rng = np.random.default_rng(seed)
    for weight in layer.trainable_weights:
        weight.assign(scale * rng.normal(size=weight.shape))
    return layer


def test_masks_of_three_inputs_and_two_hidden_units_written_out():
    first, last = autoregressive_masks(3, [2])  # hidden degrees 1 and 2
    np.testing.assert_array_equal(first, [[1, 1], [0, 1], [0, 0]])
    np.testing.assert_array_equal(last, [[0, 1, 1], [0, 0, 1]])


@pytest.mark.parametrize("latent_size", [1, 2, 5])
def test_output_i_depends_on_inputs_before_i_and_on_all_of_them(latent_size):
    network = MaskedNetwork((16, 16), seed=0)
    network.build((None, latent_size))
    randomized(network, scale=1.0)
    z = tf.constant(np.random.default_rng(1).normal(size=(20, latent_size)), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(z)
        outputs = network(z)
    jacobians = tape.batch_jacobian(outputs, z)  # [code, output, shift or scale, input]
    reached = np.any(jacobians != 0, axis=(0, 2))
    np.testing.assert_array_equal(reached, np.tri(latent_size, k=-1, dtype=bool))


def test_flow_starts_as_the_standard_normal():
    prior = FlowPrior(4, n_flows=3, seed=0).distribution()
    z = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    expected = scipy.stats.norm.logpdf(z).sum(axis=-1)
    np.testing.assert_allclose(prior.log_prob(z), expected, rtol=1e-5)


def test_flow_density_against_the_jacobian_by_automatic_differentiation():
    prior = randomized(FlowPrior(4, n_flows=3, seed=0, hidden_units=(8, 8))).distribution()
    z = tf.constant(np.random.default_rng(0).normal(size=(5, 4)), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(z)
        noise = prior.bijector.inverse(z)
    _, log_det = np.linalg.slogdet(tape.batch_jacobian(noise, z))
    expected = scipy.stats.norm.logpdf(noise).sum(axis=1) + log_det
    np.testing.assert_allclose(prior.log_prob(z), expected, rtol=1e-4)
    np.testing.assert_allclose(prior.bijector.forward(noise), z, rtol=1e-4, atol=1e-4)


def test_flows_have_the_hidden_layers_of_2018_unless_told_otherwise():
    flows = [FlowPrior(2, n_flows=1, seed=0)]
    flows.append(make_prior(2, use_NF=True, n_flows=1, mixture_components=1, seed=0))
    for flow in flows:
        shapes = [kernel.shape for kernel in flow.networks[0].kernels]
        assert shapes == [(2, 512), (512, 512), (512, 4)]


def test_flow_has_permutations_between_flows_that_the_seed_draws():
    first, again, other = (FlowPrior(8, n_flows=3, seed=seed) for seed in (0, 0, 1))
    assert len(first.permutations) == 2
    for one, same in zip(first.weights, again.weights, strict=True):
        np.testing.assert_array_equal(one, same)
    assert np.any(first.permutations[0].numpy() != other.permutations[0].numpy())
    assert sorted(first.permutations[0].numpy()) == list(range(8))


def test_all_weights_of_the_flow_are_found_and_trained():
    prior = FlowPrior(4, n_flows=3, seed=0)
    assert len(prior.trainable_variables) == 3 * 2 * 3
    randomized(prior)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(prior.distribution().log_prob(tf.ones((2, 4))))
    assert all(gradient is not None for gradient in tape.gradient(loss, prior.trainable_variables))


def test_mixture_density_against_scipy():
    prior = randomized(MixturePrior(3, components=5, seed=0))
    z = np.random.default_rng(1).normal(size=(7, 3)).astype(np.float32)
    loc, scale = prior.loc.numpy(), positive_scale(prior.raw_scale.value).numpy()
    weights = np.exp(prior.mixture_logits.numpy())
    by_component = scipy.stats.norm.pdf(z[:, None], loc, scale).prod(axis=-1)
    expected = np.log(by_component @ (weights / weights.sum()))
    np.testing.assert_allclose(prior.distribution().log_prob(z), expected, rtol=1e-4)


def test_mixture_of_one_component_is_the_standard_normal_without_weights():
    prior = MixturePrior(3, components=1, seed=0)
    assert not prior.weights
    log_prob = prior.distribution().log_prob([[0.0, 1.0, 2.0]])
    np.testing.assert_allclose(log_prob, [scipy.stats.norm.logpdf([0, 1, 2]).sum()], rtol=1e-6)


def test_raw_scale_of_zero_is_one():
    np.testing.assert_allclose(positive_scale(tf.constant([0.0])), [1.0], rtol=1e-6)
    assert (positive_scale(tf.constant([-200.0, -20.0])).numpy() >= np.float32(1e-6)).all()


def test_log_scale_is_clipped_but_still_learns():
    values = tf.constant([-9.0, -1.0, 8.0])
    with tf.GradientTape() as tape:
        tape.watch(values)
        clipped = clip_keeping_gradient(values, -5.0, 3.0)
    np.testing.assert_allclose(clipped, [-5, -1, 3])
    np.testing.assert_array_equal(tape.gradient(clipped, values), [1, 1, 1])


def test_density_far_from_the_training_codes_is_finite():
    prior = randomized(FlowPrior(16, n_flows=6, seed=0, hidden_units=(64, 64)), scale=0.5)
    z = 50 * np.random.default_rng(0).normal(size=(200, 16)).astype(np.float32)
    log_prob = prior.distribution().log_prob(z).numpy()
    assert np.isfinite(log_prob).all()
    assert (log_prob < -1000).all()
