"""Likelihood regret: gain in log p(x) by a posterior fitted to the single image."""

import tensorflow as tf

from vae_wgan.vae.vae import VAE, iwae_log_likelihood, log_density_at_noise

REGRET_STEPS = 50
LEARNING_RATE = 0.05  # initial rate of Adam; linear decay to 0
_BETA1, _BETA2, _EPSILON = 0.9, 0.999, 1e-7  # Adam


def likelihood_regret(
    vae: VAE, images: tf.Tensor, noise: tf.Tensor, *, step_noise: tf.Tensor
) -> tf.Tensor:
    """Gain in log p(x) from fitting q(z|x) to each image alone: [image], nats.

    It is log p(x) with the fitted q minus log p(x) with the encoder's q, both estimated by
    `iwae_log_likelihood`; higher = more anomalous. The fit starts at the encoder's mean and
    standard deviation and maximizes the ELBO by Adam; the decoder is fixed.
    Xiao et al. 2020, https://arxiv.org/abs/2003.02977.

    Args:
        vae: The model.
        images: [image, height, width, channel] in [0, 1].
        noise: Standard normal [sample, image, latent], for both estimates.
        step_noise: Standard normal [step, image, latent], one sample per step. With the same
            samples in all steps the posterior would overfit to them.
    """
    posterior = vae.encode(images)
    start = tf.stack([posterior.mean(), tf.math.log(posterior.stddev())])
    fitted = _highest_elbo(vae, images, start, step_noise)
    before, after = (
        iwae_log_likelihood(_log_weights(vae, images, values, noise)) for values in (start, fitted)
    )
    return after - before


def _log_weights(vae: VAE, images: tf.Tensor, posterior: tf.Tensor, noise: tf.Tensor) -> tf.Tensor:
    """Log importance weights log p(x|z) + log p(z) - log q(z): [sample, image], nats.

    Args:
        vae: The model.
        images: [image, height, width, channel].
        posterior: Mean and log standard deviation of q, [2, image, latent].
        noise: [sample, image, latent].
    """
    mean, log_scale = tf.unstack(posterior)
    scale = tf.exp(log_scale)
    z = mean + scale * noise
    log_weight = vae.decode(z).log_prob(images) + vae.prior().log_prob(z)
    return log_weight - log_density_at_noise(noise, scale)


def _highest_elbo(
    vae: VAE, images: tf.Tensor, start: tf.Tensor, step_noise: tf.Tensor
) -> tf.Tensor:
    """The posteriors [2, image, latent] after one step of Adam per sample of `step_noise`."""
    num_steps = step_noise.shape[0]

    def step(
        index: tf.Tensor, posterior: tf.Tensor, mean: tf.Tensor, square: tf.Tensor
    ) -> tuple[tf.Tensor, ...]:
        with tf.GradientTape() as tape:
            tape.watch(posterior)
            elbo = _log_weights(vae, images, posterior, step_noise[index, tf.newaxis])
        gradient = tape.gradient(elbo, posterior)
        mean = _BETA1 * mean + (1 - _BETA1) * gradient
        square = _BETA2 * square + (1 - _BETA2) * gradient**2
        done = tf.cast(index, start.dtype)
        rate = LEARNING_RATE * (1 - done / num_steps)
        unbiased_mean = mean / (1 - _BETA1 ** (done + 1))
        unbiased_square = square / (1 - _BETA2 ** (done + 1))
        change = rate * unbiased_mean / (tf.sqrt(unbiased_square) + _EPSILON)
        return index + 1, posterior + change, mean, square

    zeros = tf.zeros_like(start)
    return tf.while_loop(
        lambda index, *_: index < num_steps, step, (0, start, zeros, zeros), parallel_iterations=1
    )[1]
