"""Variational autoencoder: encoder q(z|x), decoder p(x|z), prior p(z), loss and scores."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tools.run.seeds import seed_stream
from vae_wgan.vae.pixel_likelihoods import LIKELIHOODS, OUTPUTS_PER_CHANNEL
from vae_wgan.vae.priors import make_prior, positive_scale
from vae_wgan.vae.vae_networks import decoder_network, encoder_network, layers_in

tfd = tfp.distributions
# Names of the quantities of `vae_scores` and of `mean_code_scores`.
SAMPLED = (
    *("iwae", "elbo", "rate", "distortion", "posterior_entropy", "log_weight_variance"),
    *("posterior_mean", "posterior_stddev"),
)
AT_MEAN_CODE = ("laplace", "reconstruction_error", "posterior_mean_norm", "posterior_stddev_norm")


@dataclass(frozen=True)
class VAEArchitecture:
    """Architecture of the networks; the defaults are those of 2018.

    Attributes:
        latent_size: Dimensions of a latent code z.
        base_depth: Filters of the first convolution; deeper ones have twice as many.
        activation: Activation function of all hidden layers, by its Keras name.
        likelihood: Key of LIKELIHOODS.
        use_NF: Whether the prior is a normalizing flow; False: a mixture of diagonal normals.
        n_flows: Number of flows in the prior.
        mixture_components: Number of components of the mixture; 1: the standard normal.
        precision: Precision of the convolutions, a key of PRECISIONS; the prior is float32.
    """

    latent_size: int = 16
    base_depth: int = 32
    activation: str = "leaky_relu"
    likelihood: str = "bernoulli"
    use_NF: bool = True  # noqa: N815  the flag's name in the code of 2018
    n_flows: int = 6
    mixture_components: int = 100
    precision: str = "float32"


class VAE(tf.keras.Model):
    """A VAE seen through three distributions: `encode(images)`, `decode(z)` and `prior()`.

    Axes are [sample, image, latent] for codes and [image, height, width, channel] for images.
    """

    def __init__(self, image_shape: Sequence[int], architecture: VAEArchitecture, *, seed: int):
        """Builds the networks with initial weights drawn from `seed`."""
        super().__init__(name="vae")
        next_seed = seed_stream(seed)
        options: dict[str, Any] = {
            "latent_size": architecture.latent_size,
            "base_depth": architecture.base_depth,
            "activation": architecture.activation,
            "next_seed": next_seed,
        }
        self.image_shape = tuple(image_shape)
        self.outputs_per_channel = OUTPUTS_PER_CHANNEL[architecture.likelihood]
        with layers_in(architecture.precision):
            self.encoder = encoder_network(image_shape, **options)
            self.decoder = decoder_network(
                image_shape, outputs_per_channel=self.outputs_per_channel, **options
            )
        self.prior_network = make_prior(
            architecture.latent_size,
            use_NF=architecture.use_NF,
            n_flows=architecture.n_flows,
            mixture_components=architecture.mixture_components,
            seed=next_seed(),
        )
        self.pixel_distribution = LIKELIHOODS[architecture.likelihood]
        self.built = True

    def start_at(self, outputs: np.ndarray) -> None:
        """Initializes the decoder's last bias with these outputs [output * channel]."""
        self.decoder.layers[-1].bias.assign(outputs)

    def encode(self, images: tf.Tensor) -> tfd.Distribution:
        """q(z|x), diagonal normal: batch [image], event [latent]."""
        return self.posterior(self.encoder(images))

    def posterior(self, outputs: tf.Tensor) -> tfd.Distribution:
        """q(z|x) from the encoder's outputs [image, 2 * latent]."""
        loc, raw_scale = tf.split(outputs, 2, axis=-1)
        return tfd.MultivariateNormalDiag(loc, positive_scale(raw_scale))

    def decode(self, z: tf.Tensor) -> tfd.Distribution:
        """p(x|z) for codes [..., latent]: batch [...], event [height, width, channel]."""
        outputs = self.decoder(tf.reshape(z, [-1, z.shape[-1]]))
        *sides, channels = self.image_shape
        shape = [*sides, self.outputs_per_channel * channels]
        return self.pixel_distribution(tf.reshape(outputs, tf.concat([tf.shape(z)[:-1], shape], 0)))

    def prior(self) -> tfd.Distribution:
        """p(z), event [latent]."""
        return self.prior_network.distribution()


def rate_and_distortion(
    vae: VAE, posterior: tfd.Distribution, images: tf.Tensor, noise: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Rate log q(z|x) - log p(z) and distortion -log p(x|z) at z ~ q(z|x): [sample, image], nats.

    Alemi et al. 2018, https://arxiv.org/abs/1711.00464. Their sum is minus the log importance
    weight log p(x|z) + log p(z) - log q(z|x).

    Args:
        vae: The model.
        posterior: q(z|x), what `vae.encode(images)` returns.
        images: [image, height, width, channel] in [0, 1].
        noise: Standard normal [sample, image, latent]; z = mean + standard deviation * noise.
    """
    scale = posterior.stddev()
    z = posterior.mean() + scale * noise
    rate = log_density_at_noise(noise, scale) - vae.prior().log_prob(z)
    return rate, -vae.decode(z).log_prob(images)


def log_density_at_noise(noise: tf.Tensor, scale: tf.Tensor) -> tf.Tensor:
    """Log density of a diagonal normal at mean + scale * noise: [..., latent] to [...], nats.

    `log_prob` of the distribution would subtract the mean again, which loses all digits where the
    scale is small, and the encoder's gradients with them.
    """
    log_density = -0.5 * (noise**2 + np.log(2 * np.pi)) - tf.math.log(scale)
    return tf.reduce_sum(log_density, axis=-1)


def iwae_log_likelihood(log_weights: tf.Tensor) -> tf.Tensor:
    """Lower bound log mean_s exp(log_weights) of log p(x) in nats: [sample, image] to [image].

    Burda et al. 2016, https://arxiv.org/abs/1509.00519.
    """
    num_samples = tf.cast(tf.shape(log_weights)[0], log_weights.dtype)
    return tf.reduce_logsumexp(log_weights, axis=0) - tf.math.log(num_samples)


def posterior_mean(posterior: tfd.Distribution) -> tf.Tensor:
    """The mean of q(z|x), averaged over the latent dimensions: [image]."""
    return tf.reduce_mean(posterior.mean(), axis=-1)


def vae_scores(
    vae: VAE, images: tf.Tensor, noise: tf.Tensor, analytic_kl: bool = False
) -> dict[str, tf.Tensor]:
    """Quantities of one member from samples of z, each [image].

    Args:
        vae: The model.
        images: [image, height, width, channel] in [0, 1].
        noise: Standard normal [sample, image, latent].
        analytic_kl: Computes the rate in closed form; the prior must be the standard normal.

    Returns:
        iwae and elbo (higher = more normal); rate and distortion, with elbo = -(rate + distortion);
        posterior_entropy, the entropy of q(z|x); all these in nats; log_weight_variance, the
        variance of the log importance weights over the samples, in nats squared; posterior_mean and
        posterior_stddev, mean and standard deviation of q(z|x) averaged over latent dimensions.
    """
    posterior = vae.encode(images)
    rates, distortions = rate_and_distortion(vae, posterior, images, noise)
    rate = posterior.kl_divergence(vae.prior()) if analytic_kl else tf.reduce_mean(rates, axis=0)
    distortion = tf.reduce_mean(distortions, axis=0)
    return {
        "iwae": iwae_log_likelihood(-rates - distortions),
        "elbo": -(rate + distortion),
        "rate": rate,
        "distortion": distortion,
        "posterior_entropy": posterior.entropy(),
        "log_weight_variance": tf.math.reduce_variance(rates + distortions, axis=0),
        "posterior_mean": posterior_mean(posterior),
        "posterior_stddev": tf.reduce_mean(posterior.stddev(), axis=-1),
    }


def mean_code_scores(vae: VAE, images: tf.Tensor) -> dict[str, tf.Tensor]:
    """Quantities of one member at z = mean of q(z|x), each [image].

    Args:
        vae: The model.
        images: [image, height, width, channel] in [0, 1].

    Returns:
        laplace, nats, higher = more normal: log p(x|z) + log p(z) - log q(z|x), which is Laplace's
        approximation of log p(x) if q is the one of the posterior; reconstruction_error, the
        Euclidean distance between x and the mean of p(x|z); posterior_mean_norm and
        posterior_stddev_norm, the Euclidean norms of q's mean and standard deviation.
    """
    posterior = vae.encode(images)
    z = posterior.mean()
    likelihood = vae.decode(z)
    rate = posterior.log_prob(z) - vae.prior().log_prob(z)
    return {
        "laplace": likelihood.log_prob(images) - rate,
        "reconstruction_error": _norm(images - likelihood.mean()),
        "posterior_mean_norm": _norm(z),
        "posterior_stddev_norm": _norm(posterior.stddev()),
    }


def pixel_log_likelihoods(vae: VAE, images: tf.Tensor) -> tf.Tensor:
    """Log p(x|z) by pixel at z = mean of q(z|x), nats: [image, height, width], channels summed."""
    values = vae.decode(vae.encode(images).mean()).distribution  # independent, given z
    return tf.reduce_sum(values.log_prob(images), axis=-1)


def vae_loss(
    vae: VAE, images: tf.Tensor, noise: tf.Tensor, *, beta: float, analytic_kl: bool = False
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Loss beta * rate + distortion, rate, distortion: means over samples and images, nats."""
    posterior = vae.encode(images)
    rates, distortions = rate_and_distortion(vae, posterior, images, noise)
    if analytic_kl:
        rates = posterior.kl_divergence(vae.prior())
    rate, distortion = tf.reduce_mean(rates), tf.reduce_mean(distortions)
    return beta * rate + distortion, rate, distortion


def _norm(values: tf.Tensor) -> tf.Tensor:
    """Euclidean norm over all axes but the first."""
    return tf.sqrt(tf.reduce_sum(values**2, axis=list(range(1, values.shape.rank))))
