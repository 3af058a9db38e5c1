"""Adversarial attacks on classifiers with probabilities: FGSM and PGD in the maximum norm."""

import numpy as np
import tensorflow as tf

from anomaly.machinery.detector_input import checked_count, checked_number
from tools.errors import ArgumentError

# Images in one batch; the last batch may be smaller.
ATTACK_BATCH = 128


def fgsm(
    model: tf.keras.Model,
    X: np.ndarray,
    labels: np.ndarray,
    epsilon: float,
    clip_rng: tuple[float, float] = (0, 1),
) -> np.ndarray:
    """Fast gradient sign method: x + epsilon * sign(gradient of -log p(label | x)), clipped.

    Goodfellow, Shlens, Szegedy 2015, arxiv.org/abs/1412.6572.

    Args:
        model: Classifier from images to class probabilities [image, class].
        X: Images [image, ...].
        labels: The true classes, int [image].
        epsilon: Largest change of a pixel.
        clip_rng: Range of the images.

    Returns:
        The attacked images, float32 of X's shape.
    """
    step = _ascent(model)
    batches = [
        step(images, classes, epsilon).numpy() for images, classes in _batches(X, labels, epsilon)
    ]
    return np.concatenate(batches).clip(*clip_rng)


def pgd(  # noqa: PLR0913  the attack has so many settings
    model: tf.keras.Model,
    X: np.ndarray,
    labels: np.ndarray,
    epsilon: float,
    steps: int = 10,
    step_size: float | None = None,
    clip_rng: tuple[float, float] = (0, 1),
    seed: int = 0,
) -> np.ndarray:
    """Projected gradient descent: FGSM steps from a random start, each projected to within epsilon.

    Madry et al. 2018, arxiv.org/abs/1706.06083.

    Args:
        model: Classifier from images to class probabilities [image, class].
        X: Images [image, ...].
        labels: The true classes, int [image].
        epsilon: Largest change of a pixel.
        steps: Gradients taken.
        step_size: Length of a step; None: 2.5 * epsilon / steps, which can reach the border.
        clip_rng: Range of the images.
        seed: Seed of the random start, uniform within epsilon of x.

    Returns:
        The attacked images, float32 of X's shape.
    """
    steps = checked_count("steps", steps)
    step, rng = _ascent(model), np.random.default_rng(seed)
    step_size = 2.5 * epsilon / steps if step_size is None else step_size
    attacked = []
    for images, classes in _batches(X, labels, epsilon):
        low = (images - epsilon).clip(*clip_rng)
        high = (images + epsilon).clip(*clip_rng)
        moved = rng.uniform(low, high).astype(np.float32)
        for _ in range(steps):
            moved = step(moved, classes, step_size).numpy().clip(low, high)
        attacked.append(moved)
    return np.concatenate(attacked)


def _ascent(model: tf.keras.Model) -> tf.types.experimental.PolymorphicFunction:
    """Compiled function x + size * sign(gradient of -log p(label | x))."""

    @tf.function(reduce_retracing=True)
    def step(images: tf.Tensor, labels: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(images)
            probabilities = model(images, training=False)
            of_label = tf.gather(probabilities, labels, axis=1, batch_dims=1)
            # Not Keras' cross-entropy: it clips at 1 - 1e-7, where the gradient is 0.
            loss = -tf.math.log(tf.maximum(of_label, np.finfo(np.float32).tiny))
        return images + size * tf.sign(tape.gradient(loss, images))

    return step


def _batches(
    X: np.ndarray, labels: np.ndarray, epsilon: float
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Checked batches of images and labels."""
    X, labels = np.asarray(X, np.float32), np.asarray(labels)
    if not len(X) or labels.shape != (len(X),) or labels.dtype.kind not in "iu":
        raise ArgumentError(
            f"labels: must be a class number for each row of X, is {labels.dtype} {labels.shape}"
        )
    checked_number("epsilon", epsilon, at_least=0)
    starts = range(0, len(X), ATTACK_BATCH)
    labels = labels.astype(np.int64)
    return [(X[i : i + ATTACK_BATCH], labels[i : i + ATTACK_BATCH]) for i in starts]
