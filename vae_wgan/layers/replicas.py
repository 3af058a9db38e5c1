"""Several GPUs at one member: each takes an equal share of every batch."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import tensorflow as tf

from tools.errors import InputError


class Replicas:
    """The GPUs that this process sees, or the one device, which costs nothing more.

    With several, weights are mirrored on each, and an optimizer sums the gradients of all before
    it changes them (`tf.distribute.MirroredStrategy`). The noise of a batch is drawn whole and
    then shared out like its examples, so the weights are those of one device but for the last
    digits of sums.

    Args:
        batch_size: Examples in a training step.

    Raises:
        InputError: The batch cannot be cut in equal shares.
    """

    def __init__(self, batch_size: int):
        """Looks for GPUs."""
        gpus = [gpu.name for gpu in tf.config.list_logical_devices("GPU")]
        self.count = max(1, len(gpus))
        if batch_size % self.count:
            raise InputError(
                f"--batch_size={batch_size} cannot be cut in {self.count} equal shares, one for"
                f" each GPU; take a multiple of {self.count}, or show fewer GPUs by"
                " CUDA_VISIBLE_DEVICES"
            )
        # Sums on one device: weights are few, and collectives mix up the WGAN's loop and its end.
        on_one = tf.distribute.ReductionToOneDevice()
        self._strategy = (
            tf.distribute.MirroredStrategy(gpus, cross_device_ops=on_one)
            if self.count > 1
            else tf.distribute.get_strategy()
        )

    def scope(self) -> AbstractContextManager:
        """Where weights and optimizers are made."""
        return self._strategy.scope()

    def compiled(self, function: Callable, signature: Any = None, *, xla: bool) -> Callable:
        """The training function as a graph; XLA, where it is wanted, takes one device only."""
        return tf.function(
            function, signature, jit_compile=xla and self.count == 1, autograph=False
        )

    def update(self, function: Callable[..., tf.Tensor], *arguments: tf.Tensor) -> tf.Tensor:
        """Calls the function on all devices with the same arguments; the mean of what they return.

        It takes `share` of each batch, and changes weights by `minimize`.
        """
        values = self._strategy.run(function, arguments)
        return self._strategy.reduce(tf.distribute.ReduceOp.MEAN, values, axis=None)

    def minimize(
        self,
        loss: tf.Tensor,
        weights: Sequence[tf.keras.Variable],
        tape: tf.GradientTape,
        optimizer: tf.keras.optimizers.Optimizer,
    ) -> None:
        """Within `update`: the optimizer's step for the mean of all devices' losses."""
        part = tf.constant(1 / self.count)  # the optimizer sums the devices' gradients
        gradients = tape.gradient(loss, weights, part)
        optimizer.apply_gradients(zip(gradients, weights, strict=True))

    def share(self, batch: tf.Tensor, axis: int = 0) -> tf.Tensor:
        """What this device takes of the batch whose examples lie along the axis."""
        if self.count == 1:
            return batch
        index = tf.distribute.get_replica_context().replica_id_in_sync_group
        size = batch.shape[axis] // self.count
        return tf.gather(batch, index * size + tf.range(size), axis=axis)
