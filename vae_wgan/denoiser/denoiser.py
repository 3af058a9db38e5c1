"""A denoiser of images, its loss, and the scores that its errors give."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import tensorflow as tf

from tools.run.seeds import seed_stream
from vae_wgan.denoiser.noise_levels import DATA_SCALE, sampling_levels
from vae_wgan.denoiser.unet import unet
from vae_wgan.vae.vae_networks import layers_in

Denoise = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]  # noisy images and levels to denoised images
SAMPLING_STEPS = 18
EIGENVALUE_ITERATIONS = 4
STEP = 0.01  # of finite differences, as a share of the noise level
SMALLEST_EIGENVALUE = 1e-12  # added, so that there is a logarithm


class Denoiser(tf.keras.Model):
    """Estimates E[x | x + noise]; preconditioned as in EDM, table 1.

    Images are [image, height, width, channel] with values in [-1, 1], noise levels [image]. The
    average is a second network, whose weights are a moving average of the first one's: it scores.
    """

    def __init__(
        self,
        image_shape: Sequence[int],
        *,
        base_depth: int,
        blocks: int,
        activation: str,
        precision: str,
        seed: int,
    ):
        """Builds both networks with the same initial weights, drawn from `seed`."""
        super().__init__(name="denoiser")
        self.image_shape = tuple(image_shape)

        def network(name: str) -> tf.keras.Model:
            return unet(
                image_shape,
                base_depth=base_depth,
                blocks=blocks,
                activation=activation,
                next_seed=seed_stream(seed),
                name=name,
            )

        with layers_in(precision):
            self.trained, self.average = network("trained"), network("average")
        self.average.trainable = False
        self.built = True

    def denoise(self, noisy: tf.Tensor, levels: tf.Tensor) -> tf.Tensor:
        """The averaged network's estimate of the clean images."""
        return denoised(self.average, noisy, levels)


def denoised(network: Callable, noisy: tf.Tensor, levels: tf.Tensor) -> tf.Tensor:
    """Estimate of the clean images from a network of scaled images and scaled levels."""
    keep, scale, shrink = _scalings(levels)
    return keep * noisy + scale * network([shrink * noisy, tf.math.log(levels) / 4])


def denoising_loss(
    network: Callable, images: tf.Tensor, noise: tf.Tensor, levels: tf.Tensor
) -> tf.Tensor:
    """Mean squared error of the network's output, [image]; every noise level counts alike.

    Args:
        network: Maps scaled noisy images and scaled levels to images.
        images: Values in [-1, 1].
        noise: Standard normal, shaped as the images.
        levels: Noise levels [image].
    """
    keep, scale, shrink = _scalings(levels)
    noisy = images + _by_image(levels) * noise
    wanted = (images - keep * noisy) / scale
    found = network([shrink * noisy, tf.math.log(levels) / 4])
    return tf.reduce_mean((found - wanted) ** 2, axis=(1, 2, 3))


def noise_errors(
    denoise: Denoise, images: tf.Tensor, noise: tf.Tensor, levels: Sequence[float]
) -> dict[str, tf.Tensor]:
    """Error and size of the predicted noise at each level, as logarithms.

    The noise is used with both signs, and the two results are averaged. An error is the mean over
    pixels of the squared difference between the noise and the network's prediction of it; a size is
    the mean over pixels of the squared prediction, the squared norm of the estimated score
    times the variance of the noise (Mahmood et al. 2021, MSMA, https://arxiv.org/abs/2010.13132).

    Args:
        denoise: Maps noisy images and levels to denoised images.
        images: Values in [-1, 1], [image, height, width, channel].
        noise: Standard normal, shaped as the images.
        levels: Noise levels.

    Returns:
        `denoising_error.NUMBER` and `denoising_size.NUMBER` [image] by level, and
        `denoising_error`, the mean of the former over the levels; higher = harder to denoise.
    """
    scales = tf.constant(levels, tf.float32)
    signs = tf.constant([1.0, -1.0])
    added = _first_axis(signs, 5) * noise  # [sign, image, ...]
    noisy = images + _first_axis(scales, 6) * added  # [level, sign, image, ...]
    clean = _denoised_at(denoise, noisy, scales)
    by_level = scales[:, tf.newaxis, tf.newaxis]
    pixels, both = (3, 4, 5), 1
    errors = tf.reduce_mean((clean - images) ** 2, axis=pixels) / by_level**2
    sizes = tf.reduce_mean((noisy - clean) ** 2, axis=pixels) / by_level**2
    errors, sizes = (tf.math.log(tf.reduce_mean(each, axis=both)) for each in (errors, sizes))
    found = {"denoising_error": tf.reduce_mean(errors, axis=0)}
    for number in range(len(levels)):
        found[f"denoising_error.{number}"] = errors[number]
        found[f"denoising_size.{number}"] = sizes[number]
    return found


def largest_eigenvalues(
    denoise: Denoise, images: tf.Tensor, noise: tf.Tensor, levels: Sequence[float]
) -> dict[str, tf.Tensor]:
    """Largest eigenvalue of the posterior covariance of x given x + noise, as a logarithm.

    The covariance is the level's square times the Jacobian of the denoiser (Tweedie's formula); a
    few power iterations by central differences find its largest eigenvalue (EigenScore, Shoushtari
    et al. 2025, https://arxiv.org/abs/2510.07206). The noise is the first direction too.

    Returns:
        `posterior_eigenvalue.NUMBER` [image] by level; higher = less certain.
    """
    scales = tf.constant(levels, tf.float32)
    noisy = images + _first_axis(scales, 5) * noise  # [level, image, ...]
    direction = _unit(noise) + tf.zeros_like(noisy)
    reach = STEP * scales * tf.sqrt(tf.cast(tf.size(noise[0]), tf.float32))
    for _ in range(EIGENVALUE_ITERATIONS):
        shift = _first_axis(reach, 5) * direction
        ahead, behind = tf.unstack(
            _denoised_at(denoise, tf.stack([noisy + shift, noisy - shift], axis=1), scales), axis=1
        )
        change = ahead - behind
        size = _norm(change) / (2 * reach[:, tf.newaxis])
        direction = _unit(change)
    logs = tf.math.log(scales[:, tf.newaxis] ** 2 * size + SMALLEST_EIGENVALUE)
    return {f"posterior_eigenvalue.{number}": logs[number] for number in range(len(levels))}


def sampled(denoise: Denoise, noise: tf.Tensor, steps: int = SAMPLING_STEPS) -> tf.Tensor:
    """Images made from noise by Heun's method without further noise: EDM, algorithm 1.

    Args:
        denoise: Maps noisy images and levels to denoised images.
        noise: Standard normal [image, height, width, channel].
        steps: Noise levels on the way to 0.
    """
    levels = sampling_levels(steps)

    def slope(x: tf.Tensor, level: np.float32) -> tf.Tensor:
        return (x - denoise(x, tf.fill(tf.shape(x)[:1], level))) / level

    x = levels[0] * noise
    for level, following in pairwise(levels):
        first = slope(x, level)
        moved = x + (following - level) * first
        if following > 0:
            second = slope(moved, following)
            moved = x + (following - level) * (first + second) / 2
        x = moved
    return x


def _scalings(levels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Share of the noisy image in the result, scales of the network's output and input."""
    levels = _by_image(levels)
    total = levels**2 + DATA_SCALE**2
    return DATA_SCALE**2 / total, levels * DATA_SCALE / tf.sqrt(total), 1 / tf.sqrt(total)


def _denoised_at(denoise: Denoise, noisy: tf.Tensor, scales: tf.Tensor) -> tf.Tensor:
    """Denoises images [level, ..., height, width, channel] in one call."""
    shape = tf.shape(noisy)
    together = tf.reshape(noisy, tf.concat([[-1], shape[-3:]], 0))
    levels = tf.repeat(scales, tf.shape(together)[0] // scales.shape[0])
    return tf.reshape(denoise(together, levels), shape)


def _first_axis(values: tf.Tensor, rank: int) -> tf.Tensor:
    """Values [level] in a tensor of this rank, to be multiplied with others."""
    return tf.reshape(values, [-1, *[1] * (rank - 1)])


def _by_image(values: tf.Tensor) -> tf.Tensor:
    return values[:, tf.newaxis, tf.newaxis, tf.newaxis]


def _norm(images: tf.Tensor) -> tf.Tensor:
    return tf.sqrt(tf.reduce_sum(images**2, axis=(-3, -2, -1)))


def _unit(images: tf.Tensor) -> tf.Tensor:
    size = tf.maximum(_norm(images), np.finfo(np.float32).tiny)
    return images / size[..., tf.newaxis, tf.newaxis, tf.newaxis]
