"""Compiled functions of batches: by TensorFlow, for one number of rows with a network by XLA.

XLA compiles anew for each shape and takes seconds, so it is for a size that comes often. On a CPU
it runs transposed convolutions, and their gradients, well above TensorFlow's own speed; but not
what a detector does besides, such as a classifier, whose compilation takes longer than it gains.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import tensorflow as tf

from anomaly.machinery.detector_networks import AutoEncoder, VariationalAutoEncoder

# What a call that XLA cannot compile ends in, before any weight has changed.
_NOT_FOR_XLA = (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError)


class CompiledFunction:
    """A compiled function of tensors that share their first axis.

    Args:
        function: What to compile; of a network's call and the tensors.
        call: The network's call, which XLA may compile.
        xla_rows: The number of rows that XLA compiles it for; None: XLA is not used.
    """

    def __init__(self, function: Callable, call: Callable, xla_rows: int | None = None):
        self._function = partial(function, call)
        self._xla_rows = xla_rows
        self._by_xla = tf.function(partial(function, tf.function(call, jit_compile=True)))
        self._plain: Callable | None = None

    def __call__(self, *inputs: tf.Tensor) -> Any:
        """The function's value."""
        if inputs[0].shape[0] == self._xla_rows:
            try:
                return self._by_xla(*inputs)
            except _NOT_FOR_XLA:
                self._xla_rows = None
        return self.without_xla(*inputs)

    def without_xla(self, *inputs: tf.Tensor) -> Any:
        """The function's value; no number of rows needs a second compilation."""
        if self._plain is None:
            signature = [tf.TensorSpec([None, *each.shape[1:]], each.dtype) for each in inputs]
            self._plain = tf.function(self._function, input_signature=signature)
        return self._plain(*inputs)


def profits_from_xla(network: tf.keras.Model) -> bool:
    """Whether XLA makes it faster: networks of ours with transposed convolutions, on a CPU.

    Not those of others: they may draw from TensorFlow's stateful source, and XLA ignores its seed.
    """
    if not isinstance(network, AutoEncoder | VariationalAutoEncoder):
        return False
    layers = [*network.encoder_net.layers, *network.decoder_net.layers]
    transposed = any(isinstance(layer, tf.keras.layers.Conv2DTranspose) for layer in layers)
    return transposed and not tf.config.list_physical_devices("GPU")
