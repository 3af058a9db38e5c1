"""Losses and scores, against the best denoiser of independent normal pixels in closed form."""

import numpy as np
import pytest
import tensorflow as tf

from vae_wgan.denoiser.denoiser import (
    denoised,
    denoising_loss,
    largest_eigenvalues,
    noise_errors,
    sampled,
)
from vae_wgan.denoiser.noise_levels import DATA_SCALE, LARGEST

SPREAD = 0.3  # standard deviation of the pixels, whose mean is 0


def best(noisy, levels):
    """E[x | x + noise] of normal pixels."""
    share = SPREAD**2 / (SPREAD**2 + levels**2)
    return share[:, tf.newaxis, tf.newaxis, tf.newaxis] * noisy


def drawn(scale, count=3, size=40, seed=0):
    random = np.random.default_rng(seed)
    return tf.constant(random.normal(scale=scale, size=(count, size, size, 1)), tf.float32)


def zero(inputs):
    return tf.zeros_like(inputs[0])


def test_the_best_denoiser_of_normal_pixels_has_their_posterior_variance_as_error():
    found = noise_errors(best, drawn(SPREAD), drawn(1, seed=1), levels=(0.1, 0.5))
    for number, level in enumerate((0.1, 0.5)):
        variance = SPREAD**2 * level**2 / (SPREAD**2 + level**2)
        np.testing.assert_allclose(
            np.exp(found[f"denoising_error.{number}"]), variance / level**2, rtol=0.1
        )
        # The predicted noise and its error add up to the noise: their variances sum to 1.
        np.testing.assert_allclose(
            np.exp(found[f"denoising_size.{number}"]), 1 - variance / level**2, rtol=0.15
        )
    by_level = [found["denoising_error.0"], found["denoising_error.1"]]
    np.testing.assert_allclose(found["denoising_error"], np.mean(by_level, axis=0), rtol=1e-6)


def test_errors_are_those_of_a_slow_definition():
    images, noise, level = drawn(SPREAD, 2, 5), drawn(1, 2, 5, seed=1), 0.4
    found = noise_errors(best, images, noise, levels=(level,))
    for image, eps, error in zip(
        images.numpy(), noise.numpy(), found["denoising_error.0"], strict=True
    ):
        share, squares = SPREAD**2 / (SPREAD**2 + level**2), []
        for sign in (1, -1):
            noisy = image + sign * level * eps
            predicted = (noisy - share * noisy) / level
            squares.append((predicted - sign * eps) ** 2)
        np.testing.assert_allclose(error, np.log(np.mean(squares)), rtol=1e-5)


def test_the_largest_eigenvalue_is_that_of_the_posterior_covariance():
    weights = np.linspace(0.2, 0.9, 16, dtype=np.float32).reshape(1, 4, 4, 1)
    found = largest_eigenvalues(
        lambda noisy, levels: weights * noisy, drawn(1, 2, 4), drawn(1, 2, 4, seed=1), levels=(0.2,)
    )
    value = np.exp(found["posterior_eigenvalue.0"])
    # A few iterations come close to it from below.
    assert (value <= 0.2**2 * 0.9 * 1.001).all()
    assert (value > 0.2**2 * 0.9 * 0.8).all()


def test_samples_of_the_best_denoiser_are_spread_as_the_images_are():
    noise = drawn(1, 2, 6)
    found = sampled(best, noise, steps=40)
    exact = noise * LARGEST * SPREAD / np.sqrt(SPREAD**2 + LARGEST**2)
    np.testing.assert_allclose(found, exact, rtol=0.05, atol=0.01)


def test_the_loss_of_a_network_that_gives_zero_is_what_it_should_have_given():
    images, noise, levels = drawn(SPREAD, 2, 5), drawn(1, 2, 5, seed=1), tf.constant([0.1, 2.0])
    found = denoising_loss(zero, images, noise, levels)
    for index, level in enumerate((0.1, 2.0)):
        total = level**2 + DATA_SCALE**2
        noisy = images[index] + level * noise[index]
        wanted = images[index] - DATA_SCALE**2 / total * noisy
        expected = np.mean(wanted**2) * total / (level * DATA_SCALE) ** 2
        np.testing.assert_allclose(found[index], expected, rtol=1e-4)


@pytest.mark.parametrize(("level", "share"), [(1e-4, 1), (1e4, 0)])
def test_without_noise_the_image_is_kept_and_from_noise_alone_nothing(level, share):
    noisy = drawn(1, 1, 5)
    found = denoised(zero, noisy, tf.constant([level]))
    np.testing.assert_allclose(found, share * noisy, atol=1e-4)
