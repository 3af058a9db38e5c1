"""A flow and a WGAN of points in two dimensions, from the parts of those of images.

One object is trained as each member in turn, so that it is compiled only once.
"""

import numpy as np
import tensorflow as tf

from vae_wgan.ensemble.model_state import set_to_zero
from vae_wgan.vae.priors import FlowPrior
from vae_wgan.wgan.wgan import critic_loss, generator_loss, gradient_penalty

BATCH, Z_DIM, CRITIC_UPDATES, PENALTY = 256, 8, 3, 1.0


class PointFlow:
    """Masked autoregressive flow on points [point, 2].

    Args:
        steps: Training steps.
    """

    def __init__(self, steps: int):
        """Builds the flow and its compiled step."""
        self._steps = steps
        self._flow = self._new_flow(seed=0)
        schedule = tf.keras.optimizers.schedules.CosineDecay(2e-3, steps)
        self._optimizer = _adam(self._flow, schedule, global_clipnorm=5.0)
        self._compiled_step = tf.function(self._step, jit_compile=True)

    def values(self, points: np.ndarray, places: np.ndarray, seed: int) -> np.ndarray:
        """Log density in nats at the places [place], after training on the points."""
        self._flow.set_weights(self._new_flow(seed).get_weights())
        set_to_zero(self._optimizer.variables)
        data = tf.constant(points)
        for step in range(self._steps):
            self._compiled_step(data, tf.constant([seed, step]))
        return self._flow.distribution().log_prob(places).numpy()

    def _new_flow(self, seed: int) -> FlowPrior:
        return FlowPrior(2, n_flows=4, hidden_units=(64, 64), activation="tanh", seed=seed)

    def _step(self, data: tf.Tensor, stream: tf.Tensor) -> None:
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(self._flow.distribution().log_prob(_rows(data, stream)))
        _minimize(loss, tape, self._flow, self._optimizer)


class PointWGAN:
    """WGAN with gradient penalty of points [point, 2].

    Args:
        steps: Updates of the generator.
    """

    def __init__(self, steps: int):
        """Builds the networks and their compiled step."""
        self._steps = steps
        self._generator, self._critic = self._new_networks(seed=0)
        options = {"beta_1": 0.5, "beta_2": 0.9}
        self._optimizers = [
            _adam(network, 1e-3, **options) for network in (self._generator, self._critic)
        ]
        self._compiled_step = tf.function(self._step, jit_compile=True)

    def values(self, points: np.ndarray, places: np.ndarray, seed: int) -> np.ndarray:
        """Output of the critic at the places [place], after training on the points."""
        networks = zip((self._generator, self._critic), self._new_networks(seed), strict=True)
        for network, new in networks:
            network.set_weights(new.get_weights())
        for optimizer in self._optimizers:
            set_to_zero(optimizer.variables)
        data = tf.constant(points)
        for step in range(self._steps):
            self._compiled_step(data, tf.constant([seed, step]))
        return self._logit(tf.constant(places)).numpy()

    def _new_networks(self, seed: int) -> tuple[tf.keras.Model, tf.keras.Model]:
        return _network(Z_DIM, 2, seed), _network(2, 1, seed + 1)

    def _logit(self, x: tf.Tensor) -> tf.Tensor:
        return self._critic(tf.reshape(x, [-1, 2]))[:, 0]  # the penalty has axes of images

    def _generated(self, stream: tf.Tensor) -> tf.Tensor:
        return self._generator(tf.random.stateless_normal([BATCH, Z_DIM], stream))

    def _step(self, data: tf.Tensor, stream: tf.Tensor) -> None:
        for update in range(CRITIC_UPDATES):
            rows, codes, mixing = tf.unstack(tf.random.split(tf.random.fold_in(stream, update), 3))
            real, fake = _rows(data, rows), self._generated(codes)
            shares = tf.random.stateless_uniform([BATCH], mixing)
            with tf.GradientTape() as tape:
                images = (part[:, tf.newaxis, tf.newaxis] for part in (real, fake))
                penalty = gradient_penalty(self._logit, *images, shares)
                loss = critic_loss(self._logit(real), self._logit(fake)) + PENALTY * penalty
            _minimize(loss, tape, self._critic, self._optimizers[1])
        with tf.GradientTape() as tape:
            loss = generator_loss(self._logit(self._generated(stream)))
        _minimize(loss, tape, self._generator, self._optimizers[0])


def _adam(network: tf.keras.layers.Layer, rate: object, **options: float):
    # A number would become a variable, and be set to zero with the others.
    rate = rate if callable(rate) else (lambda constant=rate: constant)
    optimizer = tf.keras.optimizers.Adam(rate, **options)
    optimizer.build(network.trainable_variables)
    return optimizer


def _minimize(
    loss: tf.Tensor,
    tape: tf.GradientTape,
    network: tf.keras.layers.Layer,
    optimizer: tf.keras.optimizers.Optimizer,
) -> None:
    weights = network.trainable_variables
    optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))


def _rows(data: tf.Tensor, stream: tf.Tensor) -> tf.Tensor:
    """A batch drawn with replacement."""
    rows = tf.random.stateless_uniform([BATCH], stream, 0, len(data), tf.int32)
    return tf.gather(data, rows)


def _network(inputs: int, outputs: int, seed: int) -> tf.keras.Model:
    layers = [tf.keras.layers.Input([inputs])]
    for index, units in enumerate((64, 64, 64, outputs)):
        initializer = tf.keras.initializers.HeNormal(seed + index)
        activation = "leaky_relu" if units == 64 else None
        layers.append(tf.keras.layers.Dense(units, activation, kernel_initializer=initializer))
    return tf.keras.Sequential(layers)
