"""Gradient attack on one model: changes images so that its score calls them more normal."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tools.run.batches import in_full_batches

BATCH = 32  # images per gradient step; the last batch is padded


def more_normal(
    normality: Callable[[tf.Tensor], tf.Tensor],
    images: np.ndarray,
    *,
    epsilon: float,
    steps: int,
    compile: bool = False,
) -> np.ndarray:
    """Gradient ascent on the score within an L-infinity ball: attacked images, float32 in [0, 1].

    Each step adds a multiple of the sign of the gradient at the current image and clips the result
    to within epsilon of the original. One step is FGSM (Goodfellow et al. 2015,
    https://arxiv.org/abs/1412.6572); several are PGD (Madry et al. 2018,
    https://arxiv.org/abs/1706.06083) with step size 2.5 * epsilon / steps.

    Args:
        normality: Maps images to scores [image], higher = more normal.
        images: [image, height, width, channel] in [0, 1].
        epsilon: Largest absolute change of a value; 0 returns the images unchanged.
        steps: Number of gradient steps.
        compile: Whether to compile a step with XLA.
    """
    step_size = epsilon if steps == 1 else 2.5 * epsilon / steps

    def step(moved: tf.Tensor, low: tf.Tensor, high: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(moved)
            score = normality(moved)
        gradient = tape.gradient(score, moved)
        return tf.clip_by_value(moved + step_size * tf.sign(gradient), low, high)

    compiled = tf.function(step, jit_compile=compile, autograph=False)

    def attacked(batch: np.ndarray) -> dict[str, tf.Tensor]:
        start = batch.astype(np.float32)
        low, high = (start - epsilon).clip(0, 1), (start + epsilon).clip(0, 1)
        moved = tf.constant(start)
        for _ in range(steps):
            moved = compiled(moved, tf.constant(low), tf.constant(high))
        return {"images": moved}

    return in_full_batches(attacked, images, size=BATCH)["images"]
