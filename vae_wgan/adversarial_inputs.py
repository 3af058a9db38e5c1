"""Inputs that are made more normal in the eyes of one model, by the gradient of its score."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

BATCH = 32  # images in one gradient; the last batch is filled up


def more_normal(
    normality: Callable[[tf.Tensor], tf.Tensor],
    images: np.ndarray,
    *,
    epsilon: float,
    steps: int,
    compile: bool = False,
) -> np.ndarray:
    """The images, moved so that the score rises: float32 of their shape, in [0, 1].

    Each step goes along the sign of the gradient where the image then is, not where it came from,
    and back to within epsilon of the start. One step is FGSM (Goodfellow et al. 2015,
    https://arxiv.org/abs/1412.6572), more are PGD (Madry et al. 2018,
    https://arxiv.org/abs/1706.06083) of 2.5 * epsilon / steps each.

    Args:
        normality: From images to scores [image], higher = more normal.
        images: [image, height, width, channel] in [0, 1].
        epsilon: Largest change of a number; 0 returns the images.
        steps: Gradients taken.
        compile: Compiles a step with XLA.
    """
    step_size = epsilon if steps == 1 else 2.5 * epsilon / steps

    def step(moved: tf.Tensor, low: tf.Tensor, high: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(moved)
            score = normality(moved)
        gradient = tape.gradient(score, moved)
        return tf.clip_by_value(moved + step_size * tf.sign(gradient), low, high)

    compiled = tf.function(step, jit_compile=compile, autograph=False)
    batches = []
    for start in range(0, len(images), BATCH):
        part = images[start : start + BATCH]
        filled = part[np.arange(BATCH).clip(max=len(part) - 1)].astype(np.float32)
        low, high = (filled - epsilon).clip(0, 1), (filled + epsilon).clip(0, 1)
        moved = tf.constant(filled)
        for _ in range(steps):
            moved = compiled(moved, tf.constant(low), tf.constant(high))
        batches.append(moved.numpy()[: len(part)])
    return np.concatenate(batches)
