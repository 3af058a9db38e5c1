"""Inputs that are made more normal in the eyes of one model, by the gradient of its score."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tools.run.batches import in_full_batches

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

    def attacked(batch: np.ndarray) -> dict[str, tf.Tensor]:
        start = batch.astype(np.float32)
        low, high = (start - epsilon).clip(0, 1), (start + epsilon).clip(0, 1)
        moved = tf.constant(start)
        for _ in range(steps):
            moved = compiled(moved, tf.constant(low), tf.constant(high))
        return {"images": moved}

    return in_full_batches(attacked, images, size=BATCH)["images"]
