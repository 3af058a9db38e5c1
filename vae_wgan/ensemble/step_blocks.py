"""Training steps in blocks: one compiled call runs many, on examples that lie on the device."""

from collections.abc import Callable, Iterator

import numpy as np
import tensorflow as tf

from tools.run.batches import batch_rows

# Steps per compiled call: a step can take less time than the overhead of a call.
BLOCK_STEPS = 100


class StepBlocks:
    """Compiled blocks of training steps.

    Args:
        step: Trains on one batch [example, ...] with the seed int32 [2] of its noise; returns the
            value to report, a float32 scalar.
        batch_size: Examples in a step.
        xla: Whether to compile with XLA.
    """

    def __init__(self, step: Callable[..., tf.Tensor], batch_size: int, *, xla: bool):
        self._step = step
        self._batch_size = batch_size
        self._compiled = tf.function(self._block, jit_compile=xla, autograph=False)
        self._examples: np.ndarray | None = None
        self._on_device: tf.Tensor | None = None

    def train(self, examples: np.ndarray, steps: range, *, order: int, noise: int) -> float:
        """Runs the steps; returns the value of the last one.

        Args:
            examples: The training set [example, ...]; it is copied to the device once.
            steps: Numbers of the steps.
            order: Seed of the order of the examples.
            noise: Seed of the noise; that of a step is (noise, number of the step).
        """
        if self._examples is not examples:
            self._examples, self._on_device = examples, tf.convert_to_tensor(examples)
        for block in blocks(steps):
            batches = np.zeros((BLOCK_STEPS, self._batch_size), np.int32)
            for index, step in enumerate(block):
                batches[index] = batch_rows(order, len(examples), self._batch_size, step)
            position = np.array([noise, block.start, len(block)], np.int32)
            value = self._compiled(self._on_device, batches, position)
        return float(value)

    def _block(self, examples: tf.Tensor, batches: tf.Tensor, position: tf.Tensor) -> tf.Tensor:
        """Trains on the first `count` batches, one step each; returns the last value.

        Args:
            examples: The training set [example, ...].
            batches: Numbers of examples [step, batch].
            position: int [3]: seed of the noise, number of the first step, number of steps.
        """
        noise, first_step, count = tf.unstack(position)

        def step(index: tf.Tensor, _: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            batch = tf.gather(examples, batches[index])
            return index + 1, self._step(batch, tf.stack([noise, first_step + index]))

        # One at a time: each step changes the weights that the next one reads.
        return tf.while_loop(lambda index, _: index < count, step, (0, 0.0), parallel_iterations=1)[
            1
        ]


def blocks(steps: range) -> Iterator[range]:
    """Splits the steps into blocks of at most BLOCK_STEPS."""
    for start in range(0, len(steps), BLOCK_STEPS):
        yield steps[start : start + BLOCK_STEPS]
