"""Moving inputs uphill, against gradients in closed form and finite differences."""

import numpy as np
import pytest
import tensorflow as tf

from vae_wgan.ensemble.adversarial_inputs import BATCH, more_normal

RNG = np.random.default_rng(0)
IMAGES = RNG.random((BATCH + 3, 4, 4, 1), np.float32)
WEIGHTS = RNG.standard_normal((4, 4, 1)).astype(np.float32)
CENTRE = RNG.random((4, 4, 1), np.float32)


def linear(images):
    return tf.reduce_sum(images * WEIGHTS, axis=(1, 2, 3))


def bump(images):
    """Highest at CENTRE, with a gradient that turns round there."""
    return -tf.reduce_sum((images - CENTRE) ** 2, axis=(1, 2, 3))


def waves(images):
    return tf.reduce_sum(tf.sin(9 * images) * WEIGHTS, axis=(1, 2, 3))


def test_one_step_goes_by_epsilon_along_the_sign_of_the_gradient():
    moved = more_normal(linear, IMAGES, epsilon=0.1, steps=1)
    assert moved.dtype == np.float32
    np.testing.assert_allclose(moved, (IMAGES + 0.1 * np.sign(WEIGHTS)).clip(0, 1), atol=1e-6)


def test_the_gradient_is_that_at_the_image_itself_by_finite_differences():
    images, size = IMAGES[:2].astype(np.float64), 1e-4
    moved = more_normal(waves, images, epsilon=0.01, steps=1)
    for place in np.ndindex(images.shape):
        changed = [images.copy(), images.copy()]
        changed[0][place] += size
        changed[1][place] -= size
        up, down = (np.sum(np.sin(9 * part) * WEIGHTS) for part in changed)
        assert np.sign(moved[place] - np.float32(images[place])) == np.sign(up - down)


@pytest.mark.parametrize("steps", [1, 10])
def test_epsilon_zero_returns_the_input(steps):
    np.testing.assert_array_equal(more_normal(linear, IMAGES, epsilon=0.0, steps=steps), IMAGES)


@pytest.mark.parametrize("compiled", [False, True])
def test_many_steps_stay_near_and_in_range_and_beat_one(compiled):
    epsilon = 0.2
    near = np.float32(CENTRE + 0.05 * RNG.standard_normal(IMAGES.shape)).clip(0, 1)
    once, often = (
        more_normal(bump, near, epsilon=epsilon, steps=steps, compile=compiled) for steps in (1, 20)
    )
    for moved in (once, often):
        assert np.abs(moved - near).max() <= epsilon + 1e-6
        assert 0 <= moved.min() <= moved.max() <= 1
    assert (bump(often).numpy() > bump(once).numpy()).all()
    assert (bump(often).numpy() > bump(near).numpy()).mean() > 0.9


def test_an_image_is_moved_in_the_same_way_in_any_batch():
    together = more_normal(bump, IMAGES, epsilon=0.3, steps=5)
    np.testing.assert_array_equal(
        more_normal(bump, IMAGES[7:8], epsilon=0.3, steps=5), together[7:8]
    )
