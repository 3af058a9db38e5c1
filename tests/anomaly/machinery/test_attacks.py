"""Attacks against the closed-form gradient of a linear classifier, and their limits."""

import numpy as np
import pytest
import tensorflow as tf

from anomaly.machinery.attacks import ATTACK_BATCH, fgsm, pgd

RNG = np.random.default_rng(0)
IMAGES = RNG.random((ATTACK_BATCH + 2, 3, 3, 1), np.float32)
LABELS = RNG.integers(0, 4, len(IMAGES))
EPSILON = 0.1


@pytest.fixture(scope="module")
def linear():
    """A softmax of a linear map, its weights [pixel, class], and the model."""
    model = tf.keras.Sequential(
        [
            tf.keras.Input((3, 3, 1)),
            tf.keras.layers.Flatten(),
            tf.keras.layers.Dropout(0.5),  # must be off
            tf.keras.layers.Dense(4, activation="softmax"),
        ]
    )
    return model, model.layers[-1].get_weights()[0]


def true_signs(weights, model, images, labels):
    """Signs of the gradient of -log p(label | x): W (p - one-hot), as images."""
    probabilities = model.predict(images, verbose=0)
    gradient = (probabilities - np.eye(4)[labels]) @ weights.T
    return np.sign(gradient).reshape(images.shape)


def mean_loss(model, images, labels):
    probabilities = model.predict(images, verbose=0)
    return -np.log(probabilities[np.arange(len(labels)), labels]).mean()


def test_fgsm_is_one_step_along_the_sign_of_the_gradient(linear):
    model, weights = linear
    expected = IMAGES + EPSILON * true_signs(weights, model, IMAGES, LABELS)
    attacked = fgsm(model, IMAGES, LABELS, EPSILON)
    assert attacked.dtype == np.float32
    np.testing.assert_allclose(attacked, expected.clip(0, 1), atol=1e-6)


def test_pgd_ends_at_the_border_of_a_linear_classifier_and_beats_fgsm(linear):
    model, _ = linear
    attacked = pgd(model, IMAGES, LABELS, EPSILON, steps=20)
    assert np.abs(attacked - IMAGES).max() <= EPSILON + 1e-6
    assert attacked.min() >= 0
    assert attacked.max() <= 1
    losses = [
        mean_loss(model, images, LABELS)
        for images in (IMAGES, fgsm(model, IMAGES, LABELS, EPSILON), attacked)
    ]
    assert losses[0] < losses[1] <= losses[2] + 1e-3


def test_the_start_of_pgd_is_random_and_seeded(linear):
    model, _ = linear
    few = {"steps": 1, "step_size": 0.01}
    first, again, other = (
        pgd(model, IMAGES, LABELS, EPSILON, **few, seed=seed) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).mean() > 0.9
    start = pgd(model, IMAGES, LABELS, EPSILON, steps=1, step_size=0)
    assert np.std((start - IMAGES)[(IMAGES > EPSILON) & (IMAGES < 1 - EPSILON)]) == pytest.approx(
        EPSILON / np.sqrt(3), rel=0.1
    )


def test_a_sure_classifier_still_has_a_gradient(linear):
    model, weights = linear
    sure = tf.keras.models.clone_model(model)
    sure.layers[-1].set_weights([60 * weights, np.zeros(4)])
    labels = sure.predict(IMAGES, verbose=0).argmax(axis=1)
    surest = sure.predict(IMAGES, verbose=0).max(axis=1).argmax()
    attacked = fgsm(sure, IMAGES, labels, EPSILON)[surest]
    assert (attacked != IMAGES[surest]).all()


def test_attacks_leave_images_and_model_alone(linear):
    model, _ = linear
    images, weights = IMAGES.copy(), model.get_weights()
    np.testing.assert_array_equal(fgsm(model, IMAGES, LABELS, 0), IMAGES)
    pgd(model, IMAGES, LABELS, EPSILON, steps=1)
    np.testing.assert_array_equal(IMAGES, images)
    for before, after in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("attack", [fgsm, pgd])
@pytest.mark.parametrize(
    ("argument", "value"),
    [("labels", LABELS[:-1]), ("labels", LABELS / 2), ("epsilon", -0.1), ("X", IMAGES[:0])],
)
def test_a_bad_argument_is_named(attack, argument, value, linear):
    arguments = {"X": IMAGES, "labels": LABELS, "epsilon": EPSILON, argument: value}
    with pytest.raises(ValueError, match=argument):
        attack(linear[0], **arguments)


@pytest.mark.parametrize("steps", [0, -1, 1.5])
def test_pgd_takes_a_step_at_least(steps, linear):
    with pytest.raises(ValueError, match="steps"):
        pgd(linear[0], IMAGES, LABELS, EPSILON, steps=steps)
