import numpy as np
import pytest
import scipy.stats
import tensorflow as tf
import tensorflow_probability as tfp

from linear_gaussian import LinearGaussian
from vae_wgan.vae import likelihood_regret as module
from vae_wgan.vae.likelihood_regret import likelihood_regret
from vae_wgan.vae.vae import VAE, VAEArchitecture, vae_scores

tfd = tfp.distributions
RNG = np.random.default_rng(0)


def noises(count, latent_size=2, samples=100, steps=60, dtype=np.float64):
    shapes = ((samples, count, latent_size), (steps, count, latent_size))
    return [RNG.normal(size=shape).astype(dtype) for shape in shapes]


def regrets_of(vae, x, noise, step_noise, compile=False):
    compiled = tf.function(likelihood_regret, jit_compile=compile)
    return compiled(vae, x, noise, step_noise=step_noise)


def test_there_is_none_where_the_encoder_gives_the_exact_posterior():
    x = RNG.normal(size=(20, 2))
    np.testing.assert_allclose(regrets_of(LinearGaussian(), x, *noises(20)), 0, atol=0.1)


def test_it_is_what_a_wrong_encoder_falls_short_of_the_likelihood():
    x = RNG.normal(size=(100, 2))
    noise, step_noise = noises(100, samples=1)
    wrong = LinearGaussian(shift=0.7)
    truth = scipy.stats.norm.logpdf(x, scale=2**0.5).sum(axis=-1)
    expected = truth - vae_scores(wrong, x, noise)["iwae"]
    missing = np.abs(regrets_of(wrong, x, noise, step_noise) - expected)
    # 2 * 0.7**2 is the mean of what is expected: the divergence from the exact posterior.
    assert np.mean(expected) == pytest.approx(0.98, abs=0.3)
    assert np.mean(missing) < 0.3


def test_it_is_that_of_a_plain_loop_over_one_image_with_the_adam_of_keras():
    vae = VAE((28, 28, 1), VAEArchitecture(latent_size=3, base_depth=2, n_flows=2), seed=0)
    images = RNG.random((3, 28, 28, 1)).astype(np.float32)
    noise, step_noise = noises(3, latent_size=3, samples=5, steps=4, dtype=np.float32)
    image, alone = images[1:2], np.s_[:, 1:2]
    posterior = vae.encode(image)
    mean = tf.Variable(posterior.mean())
    log_scale = tf.Variable(tf.math.log(posterior.stddev()))

    def log_weights(noise):
        q = tfd.MultivariateNormalDiag(mean, tf.exp(log_scale))
        z = mean + tf.exp(log_scale) * noise
        return vae.decode(z).log_prob(image) + vae.prior().log_prob(z) - q.log_prob(z)

    adam = tf.keras.optimizers.Adam()
    for step in range(4):
        adam.learning_rate = module.LEARNING_RATE * (1 - step / 4)
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(log_weights(step_noise[step : step + 1][alone]))
        variables = [mean, log_scale]
        adam.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
    after = scipy.special.logsumexp(log_weights(noise[alone]), axis=0) - np.log(5)
    expected = after - vae_scores(vae, image, noise[alone])["iwae"]
    regrets = regrets_of(vae, images, noise, step_noise, compile=True)
    np.testing.assert_allclose(regrets[1:2], expected, rtol=1e-3, atol=1e-3)
