"""Losses of the WGAN against closed forms and differences, and its networks."""

import numpy as np
import pytest
import tensorflow as tf

from vae_wgan.wgan.wgan import (
    NETWORKS,
    WGAN,
    classifier_loss,
    critic_loss,
    critic_updates,
    critic_updates_before,
    generator_loss,
    gradient_penalty,
)

RNG = np.random.default_rng(0)
REAL, FAKE = tf.unstack(tf.constant(RNG.random((2, 5, 4, 4, 3), np.float32)))
MIXING = RNG.random(5, np.float32)


def small_wgan(image_shape=(28, 28, 1), seed=0, activation="leaky_relu", **options):
    return WGAN(image_shape, z_dim=3, base_depth=2, activation=activation, seed=seed, **options)


@pytest.mark.parametrize("norm", [0.5, 1.0, 3.0])
def test_the_penalty_of_a_linear_critic_is_its_norm_minus_one_squared(norm):
    weights = RNG.normal(size=(4, 4, 3)).astype(np.float32)
    weights *= norm / np.linalg.norm(weights)
    penalty = gradient_penalty(lambda x: tf.einsum("nhwc,hwc->n", x, weights), REAL, FAKE, MIXING)
    np.testing.assert_allclose(penalty, (norm - 1) ** 2, atol=1e-6)


def test_the_penalty_of_a_zero_critic_is_one_and_its_gradient_finite():
    weights = tf.Variable(tf.zeros((4, 4, 3)))
    with tf.GradientTape() as tape:
        penalty = gradient_penalty(
            lambda x: tf.einsum("nhwc,hwc->n", x, weights), REAL, FAKE, MIXING
        )
    np.testing.assert_allclose(penalty, 1, rtol=1e-5)
    assert np.isfinite(tape.gradient(penalty, weights)).all()


def test_the_penalty_is_taken_between_the_images_at_the_share_of_each():
    # The gradient of the sum of squares is twice the point itself.
    share = MIXING[:, np.newaxis]
    points = (1 - share) * np.reshape(REAL, (5, -1)) + share * np.reshape(FAKE, (5, -1))
    norms = np.linalg.norm(2 * points, axis=1)
    penalty = gradient_penalty(lambda x: tf.reduce_sum(x**2, (1, 2, 3)), REAL, FAKE, MIXING)
    np.testing.assert_allclose(penalty, np.mean((norms - 1) ** 2), rtol=1e-5)


def test_the_gradient_of_the_penalty_is_that_of_differences():
    wgan = small_wgan(activation="softplus")
    real, fake = tf.unstack(tf.constant(RNG.random((2, 3, 28, 28, 1), np.float32)))
    kernel = wgan.critic.get_layer("convolution1").kernel

    def penalty():
        return gradient_penalty(wgan.logit, real, fake, MIXING[:3])

    with tf.GradientTape() as tape:
        value = penalty()
    gradient = tape.gradient(value, kernel.value)
    before, step = kernel.numpy(), 0.01 * gradient / tf.norm(gradient)
    values = []
    for sign in (1, -1):
        kernel.assign(before + sign * step)
        values.append(penalty())
    np.testing.assert_allclose((values[0] - values[1]) / 0.02, tf.norm(gradient), rtol=0.01)


def test_losses_are_differences_of_means():
    real, fake = np.array([1.0, 3.0]), np.array([-1.0, 2.0])
    np.testing.assert_allclose(critic_loss(real, fake), 0.5 - 2)
    np.testing.assert_allclose(generator_loss(fake), -0.5)


def test_the_classifiers_loss_is_the_cross_entropy_of_keras_also_of_large_logits():
    real, fake = RNG.normal(0, 100, (2, 8)).astype(np.float32)
    expected = tf.keras.losses.BinaryCrossentropy(from_logits=True)(
        np.repeat([1.0, 0.0], 8), np.concatenate([real, fake])
    )
    np.testing.assert_allclose(classifier_loss(real, fake), expected, rtol=1e-5)
    np.testing.assert_allclose(classifier_loss(0 * real, 0 * fake), np.log(2), rtol=1e-6)


@pytest.mark.parametrize("networks", NETWORKS)
@pytest.mark.parametrize("image_shape", [(28, 28, 1), (32, 32, 3)])
def test_generated_images_lie_between_0_and_1_and_are_criticised(image_shape, networks):
    wgan = small_wgan(image_shape, networks=networks)
    for weight in wgan.generator.trainable_variables:
        weight.assign(100 * weight)
    images = wgan.generate(100 * RNG.normal(size=(4, 3)).astype(np.float32)).numpy()
    assert images.shape == (4, *image_shape)
    assert images.min() >= 0
    assert images.max() <= 1
    assert wgan.logit(images).shape == wgan.extra_logit(images).shape == (4,)


@pytest.mark.parametrize("networks", NETWORKS)
@pytest.mark.parametrize("colour", [(0.13,), (0.0,), (0.2, 0.5, 0.9)])
def test_a_new_generator_starts_at_a_colour(colour, networks):
    wgan = small_wgan((28, 28, len(colour)), networks=networks)
    wgan.start_at(np.array(colour))
    images = wgan.generate(RNG.normal(size=(9, 3)).astype(np.float32))
    np.testing.assert_allclose(np.mean(images, axis=(0, 1, 2)), colour, atol=0.03)


@pytest.mark.parametrize("networks", NETWORKS)
def test_every_weight_is_a_variable_of_the_model_and_drawn_by_seed(networks):
    one, same, other = (small_wgan(seed=seed, networks=networks) for seed in (0, 0, 1))
    networks = (one.generator, one.critic, one.extra_critic)
    assert len(one.trainable_variables) == sum(len(n.trainable_variables) for n in networks)
    assert len({variable.path for variable in one.variables}) == len(one.variables)
    for first, second, third in zip(one.weights, same.weights, other.weights, strict=True):
        np.testing.assert_array_equal(first, second)
        is_constant = first.path.endswith(("bias", "beta", "gamma"))
        assert is_constant or np.any(first != third)


@pytest.mark.parametrize("step", [0, 1, 24, 25, 26, 499, 500, 501, 1000, 1001, 1234])
def test_earlier_updates_are_counted(step):
    expected = sum(critic_updates(earlier, 5, 100) for earlier in range(step))
    assert critic_updates_before(step, 5, 100) == expected


def test_half_as_long_numbers_say_nearly_the_same():
    exact, mixed = small_wgan(), small_wgan(precision="bfloat16")
    z = np.random.default_rng(1).normal(size=(4, 3)).astype(np.float32)
    images = exact.generate(z)
    np.testing.assert_allclose(mixed.generate(z), images, atol=0.01)
    found = mixed.logit(images)
    assert found.dtype == tf.float32
    np.testing.assert_allclose(found, exact.logit(images), rtol=0.05, atol=0.01)
    assert not np.array_equal(found, exact.logit(images))
