"""Data parallelism: several GPUs train one member, each on an equal share of every batch."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import tensorflow as tf

from tools.errors import InputError


class Replicas:
    """All GPUs that this process sees; with one device, or only a CPU, it adds no overhead.

    With several GPUs, each has a copy of the weights, and the optimizer sums all gradients before
    an update (`tf.distribute.MirroredStrategy`). The noise of a batch is drawn as a whole and then
    divided like its examples, so the weights equal those of one device up to rounding errors.

    Args:
        batch_size: Examples in a training step.

    Raises:
        InputError: The batch size is not a multiple of the number of GPUs.
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
        # Sums on one device: weights are few, and with collectives the updates in the WGAN's loop
        # and the one after it could mix.
        on_one = tf.distribute.ReductionToOneDevice()
        self._strategy = (
            tf.distribute.MirroredStrategy(gpus, cross_device_ops=on_one)
            if self.count > 1
            else tf.distribute.get_strategy()
        )

    def scope(self) -> AbstractContextManager:
        """Context in which to create weights and optimizers."""
        return self._strategy.scope()

    def compiled(self, function: Callable, signature: Any = None, *, xla: bool) -> Callable:
        """Compiles a training function; uses XLA if wanted and there is only one device."""
        return tf.function(
            function, signature, jit_compile=xla and self.count == 1, autograph=False
        )

    def update(self, function: Callable[..., tf.Tensor], *arguments: tf.Tensor) -> tf.Tensor:
        """Calls the function on all devices with the same arguments; returns the mean value.

        The function divides batches by `share` and updates weights by `minimize`.
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
        """Within `update`: one optimizer step on the mean of all devices' losses."""
        part = tf.constant(1 / self.count)  # the optimizer sums the devices' gradients
        gradients = tape.gradient(loss, weights, part)
        optimizer.apply_gradients(zip(gradients, weights, strict=True))

    def share(self, batch: tf.Tensor, axis: int = 0) -> tf.Tensor:
        """This device's share of the batch, whose examples lie along the axis."""
        if self.count == 1:
            return batch
        index = tf.distribute.get_replica_context().replica_id_in_sync_group
        size = batch.shape[axis] // self.count
        return tf.gather(batch, index * size + tf.range(size), axis=axis)
