import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from vae_wgan.vae.pixel_likelihoods import (
    LEAST_LOG_SCALE,
    LIKELIHOODS,
    OUTPUTS_PER_CHANNEL,
    outputs_at,
)

LOGITS = np.array([-4.0, -0.3, 0.0, 0.7, 5.0], np.float32).reshape(1, 5, 1, 1)


def test_bernoulli_on_grey_values_is_the_cross_entropy_summed_over_pixels():
    grey = np.array([0.0, 0.2, 0.5, 0.9, 1.0], np.float32).reshape(1, 5, 1, 1)
    p = 1 / (1 + np.exp(-LOGITS.astype(np.float64)))
    expected = (grey * np.log(p) + (1 - grey) * np.log(1 - p)).sum()
    np.testing.assert_allclose(
        LIKELIHOODS["bernoulli"](LOGITS).log_prob(grey), [expected], rtol=1e-5
    )


@pytest.mark.parametrize("logit", LOGITS.ravel())
def test_continuous_bernoulli_integrates_to_one(logit):
    grid = np.linspace(0, 1, 2001, dtype=np.float32).reshape(-1, 1, 1, 1)
    distribution = LIKELIHOODS["continuous_bernoulli"](np.full((1, 1, 1, 1), logit, np.float32))
    density = np.exp(distribution.log_prob(grid))
    np.testing.assert_allclose(np.trapezoid(density, grid.ravel()), 1, rtol=1e-3)


LEVELS = np.arange(256)
LEVEL_IMAGES = (LEVELS / 255).astype(np.float32).reshape(256, 1, 1, 1)
# Places between and beyond the levels, and log scales from less than a level to all of them.
PLACES_AND_LOG_SCALES = [(0.0, 0.0), (0.31, -3.0), (-0.7, 1.0), (0.501, -4.0), (2.0, -2.0)]


def of_levels(place, log_scale):
    """log p of each of the 256 values of one pixel."""
    outputs = np.array([place, log_scale], np.float32).reshape(1, 1, 1, 2)
    return LIKELIHOODS["discretized_logistic"](outputs).log_prob(LEVEL_IMAGES).numpy()


@pytest.mark.parametrize(("place", "log_scale"), [*PLACES_AND_LOG_SCALES, (0.3, -20.0)])
def test_the_256_values_of_the_discretized_logistic_sum_to_one(place, log_scale):
    np.testing.assert_allclose(np.exp(of_levels(place, log_scale)).sum(), 1, rtol=1e-4)


@pytest.mark.parametrize(("place", "log_scale"), PLACES_AND_LOG_SCALES)
def test_the_discretized_logistic_is_the_difference_of_the_cumulative_function(place, log_scale):
    scale = np.exp(max(log_scale - 2, LEAST_LOG_SCALE))
    logistic = scipy.stats.logistic(place + 0.5, scale)
    edges = np.r_[-np.inf, (LEVELS[1:] - 0.5) / 255, np.inf]
    expected = np.where(  # of the tail that is the smaller, for its digits
        place + 0.5 > LEVELS / 255,
        logistic.cdf(edges[1:]) - logistic.cdf(edges[:-1]),
        logistic.sf(edges[:-1]) - logistic.sf(edges[1:]),
    )
    np.testing.assert_allclose(of_levels(place, log_scale), np.log(expected), rtol=2e-4, atol=1e-4)


def test_the_discretized_logistic_is_finite_with_its_gradient_far_from_the_image():
    outputs = tf.constant(np.array([[80.0, -9.0], [-80.0, -9.0]]).reshape(2, 1, 1, 2), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(outputs)
        log_prob = LIKELIHOODS["discretized_logistic"](outputs).log_prob(tf.ones((2, 1, 1, 1)) / 2)
    assert np.isfinite(log_prob).all()
    assert np.isfinite(tape.gradient(log_prob, outputs)).all()


def test_scales_end_at_one_level_so_that_no_pixel_explodes():
    outputs = tf.constant([0.3, -100.0], shape=(1, 1, 1, 2))
    scale = LIKELIHOODS["discretized_logistic"](outputs).distribution.scale
    assert np.ravel(scale) == pytest.approx(1 / 255)
    with tf.GradientTape() as tape:
        tape.watch(outputs)
        log_prob = LIKELIHOODS["discretized_logistic"](outputs).log_prob(tf.zeros((1, 1, 1, 1)))
    assert log_prob.numpy().item() == pytest.approx(-255 * 0.8 + 0.5, abs=0.1)
    assert np.abs(tape.gradient(log_prob, outputs)).max() == pytest.approx(255, rel=0.01)


def test_a_black_or_white_pixel_is_certain_though_scales_have_a_floor():
    outputs = tf.constant([[-0.6, -100.0], [0.6, -100.0]], shape=(2, 1, 1, 2))
    images = tf.constant([0.0, 1.0], shape=(2, 1, 1, 1))
    assert LIKELIHOODS["discretized_logistic"](outputs).log_prob(images).numpy().min() > -1e-6


def test_values_between_the_levels_are_rounded_and_channels_are_summed():
    rng = np.random.default_rng(0)
    outputs = rng.normal(size=(2, 4, 4, 6)).astype(np.float32)
    images = rng.random((2, 4, 4, 3), np.float32)
    rounded = np.rint(255 * images) / np.float32(255)
    whole = LIKELIHOODS["discretized_logistic"](outputs)
    np.testing.assert_array_equal(whole.log_prob(images), whole.log_prob(rounded))
    parts = [
        LIKELIHOODS["discretized_logistic"](outputs[..., [c, c + 3]]).log_prob(images[..., [c]])
        for c in range(3)
    ]
    np.testing.assert_allclose(whole.log_prob(images), np.sum(parts, axis=0), rtol=1e-5)
    mean = whole.mean().numpy()
    assert mean.shape == images.shape
    assert (mean.min(), mean.max()) == (0, 1)


def test_every_likelihood_says_how_many_outputs_it_takes():
    assert OUTPUTS_PER_CHANNEL.keys() == LIKELIHOODS.keys()


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_outputs_of_a_colour_have_it_as_their_mean(likelihood):
    outputs = outputs_at(likelihood, np.array([0.0, 0.1307, 0.5, 1.0]))
    assert outputs.shape == (4 * OUTPUTS_PER_CHANNEL[likelihood],)
    mean = LIKELIHOODS[likelihood](tf.constant(outputs.reshape(1, 1, 1, -1), tf.float32)).mean()
    np.testing.assert_allclose(np.ravel(mean), [0.01, 0.1307, 0.5, 0.99], rtol=1e-4)
    assert not outputs[4:].any()  # log scales begin as those of an untrained decoder
