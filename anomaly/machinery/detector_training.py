"""Trains one network of a detector: a compiled step, Keras' callbacks and progress bar."""

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from tensorflow import keras

from anomaly.machinery.detector_batches import Batches
from anomaly.machinery.detector_input import ArgumentError, ArgumentTypeError, checked_count
from anomaly.machinery.detector_networks import CompiledFunction, profits_from_xla

XLA_STEPS = 64  # steps from which compiling the network by XLA is worth its time
XLA_UPDATES = 2**28  # weights times steps from which compiling the optimizer by XLA is
STREAM_STEPS = 10_000  # assumed for a stream of unknown length

# Maps rows and the network's output for them to a loss, a scalar or [row].
Loss = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


class TrainingOptions(NamedTuple):
    """How a detector's `fit` trains.

    Attributes:
        optimizer: A class, a name, or an instance; one that was used before is copied.
        epochs: Passes over all rows.
        verbose: Whether to show a progress bar for each epoch, with the running mean of the loss.
        log_metric: Label and Keras metric of (rows, output), shown by the bar.
        callbacks: Keras callbacks; their logs hold "loss", and the metric under its label.
        preprocess_fn: Applied to each batch, a tensor.
        frozen: Model whose weights stay as they are even where the network shares them.
    """

    optimizer: Any
    epochs: int
    verbose: bool
    log_metric: tuple[str, keras.metrics.Metric] | None
    callbacks: Sequence[keras.callbacks.Callback] | None
    preprocess_fn: Callable[[tf.Tensor], tf.Tensor] | None = None
    frozen: keras.Model | None = None


def train(network: keras.Model, loss_fn: Loss, batches: Batches, options: TrainingOptions) -> None:
    """Minimizes the mean of `loss_fn` plus the network's own losses.

    Raises:
        ArgumentError: The network has no trainable weights, or the loss became infinite or NaN.
        ArgumentTypeError: The optimizer or `log_metric` is of a wrong type.
    """
    epochs = checked_count("epochs", options.epochs)
    _check_metric(options.log_metric)
    optimizer = _new_optimizer(options.optimizer)
    steps = STREAM_STEPS if batches.number is None else epochs * batches.number
    step = _Step(network, loss_fn, optimizer, steps, options.frozen)
    with _seen_by_callbacks(network, optimizer):
        callbacks = keras.callbacks.CallbackList(
            list(options.callbacks or []), model=network, epochs=epochs, steps=batches.number
        )
        callbacks.on_train_begin()
        for epoch in range(epochs):
            if options.verbose:
                sys.stdout.write(f"Epoch {epoch + 1}/{epochs}\n")
            callbacks.on_epoch_begin(epoch)
            logs = _run_epoch(step, batches, options, callbacks)
            if not math.isfinite(logs["loss"]):
                raise ArgumentError(
                    f"fit: the loss is {logs['loss']} in epoch {epoch + 1}; scale X, or give an "
                    "optimizer with a smaller learning rate"
                )
            callbacks.on_epoch_end(epoch, logs)
            if network.stop_training:
                break
        callbacks.on_train_end()


def _run_epoch(
    step: "_Step",
    batches: Batches,
    options: TrainingOptions,
    callbacks: keras.callbacks.CallbackList,
) -> dict[str, float]:
    label, metric = options.log_metric or ("", None)
    bar = keras.utils.Progbar(batches.number, verbose=options.verbose, stateful_metrics=[label])
    losses: list[float] = []
    shown: dict[str, float] = {}
    if metric:
        metric.reset_state()
    for index, batch in enumerate(batches):
        callbacks.on_train_batch_begin(index)
        rows = tf.convert_to_tensor(batch)
        rows = options.preprocess_fn(rows) if options.preprocess_fn else rows
        loss, output, target = step(rows)
        losses.append(float(loss))
        if metric:
            metric.update_state(target, output)
            shown[label] = float(metric.result())
        bar.update(index + 1, values=[("loss_ma", losses[-1]), *shown.items()])
        callbacks.on_train_batch_end(index, {"loss": losses[-1]} | shown)
    if batches.number is None:
        bar.update(len(losses), finalize=True)
    return {"loss": float(np.mean(losses))} | shown


class _Step:
    """One update of the weights, compiled for the shape and type of the first batch."""

    def __init__(
        self,
        network: keras.Model,
        loss_fn: Loss,
        optimizer: keras.optimizers.Optimizer,
        steps: int,
        frozen: keras.Model | None,
    ):
        self._network = network
        self._loss_fn = loss_fn
        self._optimizer = optimizer
        self._steps = steps
        self._frozen = frozen
        self._weights: list[tf.Variable] = []
        self._compiled: CompiledFunction | None = None
        self._update = self._apply

    def __call__(self, rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Loss before the update, output of the network, and the rows in the network's type."""
        rows = tf.cast(rows, self._network.compute_dtype)
        if self._compiled is None:
            self._compiled = self._prepared(rows)
        return *self._compiled(rows), rows

    def _prepared(self, rows: tf.Tensor) -> CompiledFunction:
        if not self._network.built:
            self._network(rows[:1])
        frozen = set() if self._frozen is None else {id(each) for each in self._frozen.variables}
        weights = [each for each in self._network.trainable_variables if id(each) not in frozen]
        if not weights:
            shared = " of its own" if self._network.trainable_variables else ""
            raise ArgumentError(f"fit: {self._network.name} has no trainable weights{shared}")
        self._weights = weights
        self._optimizer.build(weights)
        if self._steps * sum(math.prod(each.shape) for each in weights) >= XLA_UPDATES:
            # One pass over the weights in place of a dozen by Adam's single operations.
            self._update = tf.function(self._apply, jit_compile=True)
        xla = self._steps >= XLA_STEPS and profits_from_xla(self._network)
        return CompiledFunction(self._step, self._call, xla_rows=len(rows) if xla else None)

    def _call(self, rows: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """The network's output and its own losses."""
        return self._network(rows, training=True), self._network.losses

    def _step(self, call: Callable, rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            output, own_losses = call(rows)
            loss = tf.reduce_mean(self._loss_fn(rows, output))
            loss += sum(tf.cast(own, loss.dtype) for own in own_losses)
        self._update(tape.gradient(loss, self._weights))
        return loss, output

    def _apply(self, gradients: list[tf.Tensor | None]) -> None:
        self._optimizer.apply_gradients(zip(gradients, self._weights, strict=True))


def _new_optimizer(optimizer: Any) -> keras.optimizers.Optimizer:
    """An optimizer that holds no state of other weights."""
    if isinstance(optimizer, type):
        optimizer = optimizer()
    try:
        optimizer = keras.optimizers.get(optimizer)
    except ValueError as error:
        raise ArgumentTypeError(
            f"optimizer: must be a Keras optimizer or its class, is {optimizer!r}"
        ) from error
    return type(optimizer).from_config(optimizer.get_config()) if optimizer.built else optimizer


def _check_metric(log_metric: Any) -> None:
    match log_metric:
        case None | (str(), keras.metrics.Metric()):
            return
    raise ArgumentTypeError(
        f"log_metric: must be a pair of a label and a Keras metric, is {log_metric!r}"
    )


@contextmanager
def _seen_by_callbacks(
    network: keras.Model, optimizer: keras.optimizers.Optimizer
) -> Iterator[None]:
    """Gives the network the optimizer, where callbacks look for it, while it trains."""
    before = getattr(network, "optimizer", None)
    network.optimizer, network.stop_training = optimizer, False
    try:
        yield
    finally:
        network.optimizer = before
