"""Properties of images against slow definitions."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from scipy.optimize import minimize_scalar

from tools.scores.input_statistics import (
    LARGEST_LOGIT,
    highest_log_likelihood,
    input_statistics,
    png_bits,
)
from tools.scores.score_registry import INPUT_PROPERTIES

tfd = tfp.distributions
RNG = np.random.default_rng(0)
BYTES = RNG.integers(0, 256, (4, 6, 5, 1), np.uint8)
IMAGES = (BYTES / 255).astype(np.float32)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("side", [8, 150])  # without and with several chunks and blocks
def test_png_bits_are_those_of_the_file_that_tensorflow_writes(side, channels):
    noise = RNG.integers(0, 256, (2, side, side, channels))
    smooth = np.linspace(0, 255, side)[:, np.newaxis, np.newaxis] * np.ones((1, side, channels))
    pixels = np.concatenate([noise, [smooth, smooth + noise[0] / 9]]).clip(0, 255).astype(np.uint8)
    files = [tf.io.encode_png(image, compression=9).numpy() for image in pixels]
    expected = [8 * len(file) for file in files]
    assert png_bits((pixels / 255).astype(np.float32)).tolist() == expected


def test_a_flat_image_is_simpler_than_noise():
    flat = np.full((1, 28, 28, 1), 0.5, np.float32)
    noise = RNG.random((1, 28, 28, 1), np.float32)
    assert 4 * png_bits(flat)[0] < png_bits(noise)[0]


def test_brightness_and_variation_by_loops():
    found = input_statistics(IMAGES, "bernoulli")
    for number, image in enumerate(BYTES[..., 0].astype(float) / 255):
        steps = [abs(image[i, j] - image[i - 1, j]) for i in range(1, 6) for j in range(5)]
        steps += [abs(image[i, j] - image[i, j - 1]) for i in range(6) for j in range(1, 5)]
        assert found["variation"][number] == pytest.approx(sum(steps), rel=1e-6)
        assert found["brightness"][number] == pytest.approx(image.sum(), rel=1e-6)


@pytest.mark.parametrize("name", ["bernoulli", "continuous_bernoulli"])
def test_the_best_decoder_reaches_the_highest_log_likelihood(name):
    values = np.array([0, 1 / 255, 100 / 255, 0.5, 254 / 255, 1])
    found = highest_log_likelihood(values.reshape(-1, 1, 1, 1), name)
    np.testing.assert_allclose(found, [best_log_likelihood(name, t) for t in values], atol=0.01)


def best_log_likelihood(name, value):
    def loss(logit):
        if name == "bernoulli":
            distribution = tfd.Bernoulli(logits=np.float64(logit), dtype=np.float64)
        else:
            distribution = tfd.ContinuousBernoulli(logits=np.float64(logit))
        return -float(distribution.log_prob(value))

    limits = (-LARGEST_LOGIT, LARGEST_LOGIT)
    return -minimize_scalar(loss, bounds=limits, method="bounded").fun


def test_all_of_them_are_named():
    assert input_statistics(IMAGES, "bernoulli").keys() == set(INPUT_PROPERTIES)


def test_a_discretised_likelihood_can_be_certain_of_every_value():
    np.testing.assert_array_equal(highest_log_likelihood(IMAGES, "categorical"), np.zeros(4))
