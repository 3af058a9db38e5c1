import dataclasses

import numpy as np
import pytest
import scipy.special
import scipy.stats
import tensorflow as tf
import tensorflow_probability as tfp

from linear_gaussian import LinearGaussian
from tools.run.options import settings_of_preset
from vae_wgan.settings.vae_settings import VAESettings
from vae_wgan.vae.gradient_norms import log_gradient_norms
from vae_wgan.vae.vae import (
    VAE,
    VAEArchitecture,
    iwae_log_likelihood,
    mean_code_scores,
    pixel_log_likelihoods,
    rate_and_distortion,
    vae_loss,
    vae_scores,
)

tfd = tfp.distributions
SMALL = VAEArchitecture(latent_size=3, base_depth=2, n_flows=2)


def test_an_architecture_is_that_of_2018_unless_told_otherwise():
    reference = settings_of_preset(VAESettings, "reference")
    for name, value in dataclasses.asdict(VAEArchitecture()).items():
        assert value == getattr(reference, name), name


def images_and_noise(count=4, samples=6, side=28, latent_size=3):
    rng = np.random.default_rng(0)
    images = rng.random((count, side, side, 1), np.float32)
    return images, rng.normal(size=(samples, count, latent_size)).astype(np.float32)


@pytest.mark.parametrize("samples", [1, 3, 50])
def test_iwae_with_the_exact_posterior_is_the_exact_log_likelihood(samples):
    rng = np.random.default_rng(0)
    x, noise = rng.normal(size=(5, 2)), rng.normal(size=(samples, 5, 2))
    expected = scipy.stats.norm.logpdf(x, scale=2**0.5).sum(axis=-1)
    scores = vae_scores(LinearGaussian(), x, noise)
    np.testing.assert_allclose(scores["iwae"], expected, rtol=1e-12)
    np.testing.assert_allclose(scores["elbo"], expected, rtol=1e-12)


def test_iwae_with_a_wrong_posterior_lies_between_elbo_and_truth_and_rises_to_it():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 2))
    truth = scipy.stats.norm.logpdf(x, scale=2**0.5).sum(axis=-1).mean()
    means = []
    for samples in (1, 10, 1000):
        scores = vae_scores(LinearGaussian(1.0), x, rng.normal(size=(samples, 200, 2)))
        means.append(np.mean(scores["iwae"]))
    assert means[0] < means[1] < means[2] < truth + 0.01
    assert truth - means[2] < 0.02 < truth - means[0]


def test_elbo_is_minus_rate_minus_distortion_and_below_iwae():
    images, noise = images_and_noise()
    scores = vae_scores(VAE((28, 28, 1), SMALL, seed=0), images, noise)
    np.testing.assert_allclose(scores["elbo"], -(scores["rate"] + scores["distortion"]), rtol=1e-6)
    assert np.all(scores["elbo"] <= scores["iwae"])


def test_iwae_is_the_log_of_the_mean_weight_also_where_weights_underflow():
    log_weights = np.array([[-1000.0, 0.5], [-1001.0, -0.5]])
    expected = [-1000 + np.log((1 + np.exp(-1)) / 2), np.log((np.exp(0.5) + np.exp(-0.5)) / 2)]
    np.testing.assert_allclose(iwae_log_likelihood(tf.constant(log_weights)), expected, rtol=1e-12)


def test_entropy_and_variance_of_the_log_weights_are_those_of_scipy_and_numpy():
    rng = np.random.default_rng(0)
    x, noise = rng.normal(size=(5, 2)), rng.normal(size=(7, 5, 2))
    scores = vae_scores(LinearGaussian(0.3), x, noise)
    entropy = 2 * scipy.stats.norm.entropy(scale=0.3)
    np.testing.assert_allclose(scores["posterior_entropy"], np.full(5, entropy), rtol=1e-12)
    z = x / 2 + 0.3 * noise
    density = scipy.stats.norm.logpdf
    log_weights = density(x, z) + density(z) - density(z, x / 2, 0.3)
    variance = np.var(log_weights.sum(axis=-1), axis=0)
    np.testing.assert_allclose(scores["log_weight_variance"], variance, rtol=1e-10)


def test_laplace_with_the_exact_posterior_is_the_exact_log_likelihood():
    x = np.random.default_rng(0).normal(size=(5, 2))
    expected = scipy.stats.norm.logpdf(x, scale=2**0.5).sum(axis=-1)
    scores = mean_code_scores(LinearGaussian(), x)
    np.testing.assert_allclose(scores["laplace"], expected, rtol=1e-12)


def test_scores_at_the_mean_code_are_those_of_numpy():
    x = np.random.default_rng(0).normal(size=(5, 2))
    scores = mean_code_scores(LinearGaussian(0.3), x)
    density = scipy.stats.norm.logpdf
    log_weights = density(x, x / 2) + density(x / 2) - density(0, scale=0.3)
    np.testing.assert_allclose(scores["laplace"], log_weights.sum(axis=-1), rtol=1e-12)
    half = np.linalg.norm(x / 2, axis=-1)  # both the code and what it leaves of x
    np.testing.assert_allclose(scores["reconstruction_error"], half, rtol=1e-12)
    np.testing.assert_allclose(scores["posterior_mean_norm"], half, rtol=1e-12)
    np.testing.assert_allclose(scores["posterior_stddev_norm"], np.full(5, 0.3 * 2**0.5))


@pytest.mark.parametrize("likelihood", ["bernoulli", "discretized_logistic"])
def test_the_likelihoods_of_the_pixels_sum_to_that_of_the_image(likelihood):
    vae = VAE((28, 28, 1), VAEArchitecture(3, 2, n_flows=1, likelihood=likelihood), seed=0)
    images, _ = images_and_noise()
    by_pixel = pixel_log_likelihoods(vae, images).numpy()
    assert by_pixel.shape == (len(images), 28, 28)
    expected = vae.decode(vae.encode(images).mean()).log_prob(images)
    np.testing.assert_allclose(by_pixel.sum(axis=(1, 2)), expected, rtol=1e-4)


@pytest.mark.parametrize("likelihood", ["bernoulli", "discretized_logistic"])
def test_reconstruction_error_is_the_distance_to_the_mean_image(likelihood):
    vae = VAE((28, 28, 1), VAEArchitecture(3, 2, n_flows=1, likelihood=likelihood), seed=0)
    images, _ = images_and_noise()
    shown = vae.decode(vae.encode(images).mean()).mean().numpy()
    expected = [np.linalg.norm(image - mean) for image, mean in zip(images, shown, strict=True)]
    found = mean_code_scores(vae, images)["reconstruction_error"]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_analytic_rate_is_the_closed_form_that_samples_approach():
    vae = VAE((28, 28, 1), VAEArchitecture(3, 2, use_NF=False, mixture_components=1), seed=0)
    images, noise = images_and_noise(samples=800)
    posterior = vae.encode(images)
    mean, scale = posterior.mean().numpy(), posterior.stddev().numpy()
    expected = (0.5 * (scale**2 + mean**2 - 1) - np.log(scale)).sum(axis=-1)
    exact = vae_scores(vae, images, noise, analytic_kl=True)
    np.testing.assert_allclose(exact["rate"], expected, rtol=1e-5, atol=1e-6)
    rates, _ = rate_and_distortion(vae, vae.encode(images), images, noise)
    np.testing.assert_allclose(np.mean(rates, axis=0), expected, atol=0.2)


def test_a_posterior_of_hardly_any_width_has_sound_values_and_gradients():
    images, noise = images_and_noise()
    vae = VAE((28, 28, 1), SMALL, seed=0)
    *_, posterior = vae.encoder.layers
    posterior.kernel.assign(tf.zeros_like(posterior.kernel))
    posterior.bias.assign([5.0, -4.0, 3.0, -200.0, -60.0, -20.0])  # means, raw scales
    # Without rounding: in float32 z is the mean.
    density, scale = scipy.stats.norm.logpdf, 1e-6 * np.array([1, 1, 1 + 1e6 * np.exp(-19.5)])
    log_q = (density(noise.astype(float)) - np.log(scale)).sum(axis=-1)
    prior = vae.prior().log_prob(tf.constant([5.0, -4.0, 3.0]))
    with tf.GradientTape() as tape:
        rates, distortions = rate_and_distortion(vae, vae.encode(images), images, noise)
        loss = tf.reduce_mean(rates + distortions)
    np.testing.assert_allclose(rates, log_q - prior, rtol=1e-2)
    for gradient in tape.gradient(loss, vae.encoder.trainable_variables):
        assert np.abs(gradient).max() < 1e4  # NaN where gradients divide by scale**3 or z - mean


def test_loss_is_beta_times_rate_plus_distortion():
    images, noise = images_and_noise()
    vae = VAE((28, 28, 1), SMALL, seed=0)
    scores = vae_scores(vae, images, noise)
    loss, rate, distortion = vae_loss(vae, images, noise, beta=3.0)
    np.testing.assert_allclose(rate, np.mean(scores["rate"]), rtol=1e-5)
    np.testing.assert_allclose(distortion, np.mean(scores["distortion"]), rtol=1e-5)
    np.testing.assert_allclose(loss, 3 * rate + distortion, rtol=1e-6)


def test_default_networks_have_the_layers_of_2018():
    vae = VAE((28, 28, 1), VAEArchitecture(), seed=0)
    encoder = [(1, 32, 5), (32, 32, 5), (32, 64, 5), (64, 64, 5), (64, 64, 7)]
    decoder = [(16, 64, 7), (64, 64, 5), (64, 64, 5), (64, 32, 5), (32, 32, 5), (32, 32, 5)]
    expected = sum(size**2 * before * after + after for before, after, size in encoder + decoder)
    expected += 64 * 32 + 32 + 25 * 32 + 1  # dense layer to mean and scale; logits
    assert vae.encoder.count_params() + vae.decoder.count_params() == expected
    flow = 16 * 512 + 512 + 512 * 512 + 512 + 512 * 32 + 32
    assert sum(int(np.prod(w.shape)) for w in vae.prior_network.trainable_weights) == 6 * flow


def test_a_decoder_starts_at_what_it_is_told_for_any_code():
    vae = VAE((28, 28, 1), SMALL, seed=0)
    vae.start_at(np.array([-2.0]))
    images = vae.decode(tf.random.stateless_normal([9, 3], (0, 0))).mean()
    np.testing.assert_allclose(np.mean(images), scipy.special.expit(-2), atol=0.02)


def test_all_variables_of_all_parts_are_found():
    vae = VAE((28, 28, 1), SMALL, seed=0)
    parts = (vae.encoder, vae.decoder, vae.prior_network)
    assert len(vae.trainable_variables) == sum(len(part.trainable_variables) for part in parts)
    paths = [variable.path for variable in vae.variables]
    assert len(set(paths)) == len(paths) == 12 + 14 + 12 + 1


def test_initial_weights_depend_on_the_seed_only():
    first, again, other = (VAE((28, 28, 1), SMALL, seed=seed).get_weights() for seed in (0, 0, 1))
    assert all(np.array_equal(one, same) for one, same in zip(first, again, strict=True))
    changed = [not np.array_equal(one, two) for one, two in zip(first, other, strict=True)]
    assert sum(changed) == 6 + 7 + 4 + 1  # kernels and the permutation; biases start at zero


def test_images_of_32_pixels_and_three_channels():
    vae = VAE((32, 32, 3), SMALL, seed=0)
    images = np.random.default_rng(0).random((2, 32, 32, 3), np.float32)
    posterior = vae.encode(images)
    assert posterior.batch_shape == (2,)
    assert posterior.event_shape == (3,)
    assert vae.decode(posterior.sample(5, seed=0)).log_prob(images).shape == (5, 2)


def test_half_as_long_numbers_say_nearly_the_same():
    images, noise = images_and_noise()
    exact = VAE((28, 28, 1), SMALL, seed=0)
    mixed = VAE((28, 28, 1), dataclasses.replace(SMALL, precision="bfloat16"), seed=0)
    assert {layer.compute_dtype for layer in mixed.encoder.layers[:-1]} == {"bfloat16"}
    assert {weight.dtype for weight in mixed.trainable_variables} == {"float32"}
    assert tf.keras.config.dtype_policy().name == "float32"  # of what is made next
    expected, found = (vae_scores(vae, images, noise) for vae in (exact, mixed))
    for key in ("iwae", "elbo", "distortion"):
        assert found[key].dtype == tf.float32
        np.testing.assert_allclose(found[key], expected[key], rtol=0.01)
    assert not np.array_equal(found["distortion"], expected["distortion"])
    expected, found = (log_gradient_norms(vae, images) for vae in (exact, mixed))
    for key, norms in expected.items():
        assert np.mean(found[key] - norms) == pytest.approx(0, abs=0.5), key


def test_prior_can_be_sampled():
    vae = VAE((28, 28, 1), SMALL, seed=0)
    assert vae.decode(vae.prior().sample(4, seed=(0, 0))).mean().shape == (4, 28, 28, 1)
