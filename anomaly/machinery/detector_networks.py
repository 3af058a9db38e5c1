"""Autoencoders, plain and variational, and the shapes of the rows that networks take."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import tensorflow as tf
from tensorflow import keras

from anomaly.machinery.detector_input import (
    ArgumentTypeError,
    checked_count,
    checked_number,
    shapes_fit,
)
from tools.errors import ArgumentError
from tools.run.seeds import child_seed


class _EncoderDecoder(keras.Model):
    """Model of an encoder and a decoder that Keras can save and load."""

    def __init__(self, encoder_net: keras.Model, decoder_net: keras.Model, **options: Any):
        super().__init__(**options)
        self.encoder_net = encoder_net
        self.decoder_net = decoder_net

    def get_config(self) -> dict[str, Any]:
        networks = {"encoder_net": self.encoder_net, "decoder_net": self.decoder_net}
        parts = {key: keras.utils.serialize_keras_object(net) for key, net in networks.items()}
        return {"name": self.name} | parts

    @classmethod
    def from_config(
        cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None
    ) -> Self:
        parts = {
            key: keras.utils.deserialize_keras_object(config[key], custom_objects=custom_objects)
            for key in ("encoder_net", "decoder_net")
        }
        return cls(**(dict(config) | parts))


@keras.utils.register_keras_serializable(package="anomaly")
class AutoEncoder(_EncoderDecoder):
    """x' = decoder_net(encoder_net(x)).

    Args:
        encoder_net: From rows to codes.
        decoder_net: From codes to rows.
        **options: Options of tf.keras.Model.

    Raises:
        ArgumentError: The two do not fit each other.
    """

    def __init__(self, encoder_net: keras.Model, decoder_net: keras.Model, **options: Any):
        super().__init__(encoder_net, decoder_net, **options)
        code, wanted = _shape(encoder_net, "output"), _shape(decoder_net, "input")
        if code is not None and wanted is not None and not shapes_fit(code, wanted):
            raise ArgumentError(
                f"decoder_net: takes codes of shape {wanted}, encoder_net gives {code}"
            )
        _check_rows_come_back(encoder_net, decoder_net)
        self.built = encoder_net.built and decoder_net.built

    def call(self, x: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """The reconstructions of rows [row, ...]."""
        return self.decoder_net(self.encoder_net(x, training=training), training=training)


@keras.utils.register_keras_serializable(package="anomaly")
class VariationalAutoEncoder(_EncoderDecoder):
    """x' = decoder_net(z), z ~ q(z|x) = N(mean, exp(log_variance)), one draw for each row and call.

    Mean and log variance are two linear layers on encoder_net's output, flattened. Each call adds
    the loss beta * mean over rows and latent dimensions of KL(q(z|x) || N(0, 1)).

    Args:
        encoder_net: From rows to features of any shape.
        decoder_net: From codes [row, latent_dim] to rows.
        latent_dim: Numbers in a code.
        beta: Weight of the latent loss.
        seed: Seed of the first weights and of the draws in calls; None: a random one.
        **options: Options of tf.keras.Model.
    """

    def __init__(
        self,
        encoder_net: keras.Model,
        decoder_net: keras.Model,
        latent_dim: int,
        beta: float = 1.0,
        seed: int | None = None,
        **options: Any,
    ):
        super().__init__(encoder_net, decoder_net, **options)
        self.latent_dim = checked_count("latent_dim", latent_dim)
        self.beta = checked_number("beta", beta, at_least=0)
        self.seed = seed
        wanted = _shape(decoder_net, "input")
        if wanted is not None and not shapes_fit((self.latent_dim,), wanted):
            raise ArgumentError(f"latent_dim={latent_dim}: decoder_net takes codes {wanted}")
        _check_rows_come_back(encoder_net, decoder_net)
        self._flatten = keras.layers.Flatten()
        self._mean = self._head("mean")
        self._log_variance = self._head("log_variance")
        self._draws = None if seed is None else keras.random.SeedGenerator(seed)
        if encoder_net.built:
            self.build(encoder_net.input_shape)

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor, for Keras."""
        own = {"latent_dim": self.latent_dim, "beta": self.beta, "seed": self.seed}
        return super().get_config() | own

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the weights of the two layers, so that a model that was never called has them."""
        if not self.encoder_net.built:
            self.encoder_net.build(input_shape)
        if not self.decoder_net.built:
            self.decoder_net.build((None, self.latent_dim))
        size = int(np.prod(self.encoder_net.compute_output_shape(input_shape)[1:]))
        for head in (self._mean, self._log_variance):
            head.build((None, size))
        self.built = True

    def call(self, x: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """One reconstruction of each row [row, ...]."""
        mean, log_variance = self.encode(x, training=training)
        kl = 0.5 * (mean**2 + tf.exp(log_variance) - 1 - log_variance)
        self.add_loss(self.beta * tf.reduce_mean(kl))
        noise = keras.random.normal(tf.shape(mean), dtype=mean.dtype, seed=self._draws)
        return self.decoder_net(mean + tf.exp(log_variance / 2) * noise, training=training)

    def encode(self, x: tf.Tensor, training: bool | None = None) -> tuple[tf.Tensor, tf.Tensor]:
        """Mean and log variance of q(z|x), each [row, latent]."""
        features = self._flatten(self.encoder_net(x, training=training))
        return self._mean(features), self._log_variance(features)

    def reconstruct(self, x: tf.Tensor, noise: tf.Tensor) -> tf.Tensor:
        """Several reconstructions of each row, encoded once: [row * sample, ...], row by row.

        Args:
            x: Rows [row, ...].
            noise: Standard normal [row, sample, latent].
        """
        mean, log_variance = self.encode(x, training=False)
        noise = tf.cast(noise, mean.dtype)
        z = mean[:, None] + tf.exp(log_variance / 2)[:, None] * noise  # [row, sample, latent]
        return self.decoder_net(tf.reshape(z, [-1, self.latent_dim]), training=False)

    def _head(self, name: str) -> keras.layers.Dense:
        seed = None if self.seed is None else child_seed(self.seed, name)
        kernel = keras.initializers.GlorotUniform(seed=seed)
        return keras.layers.Dense(self.latent_dim, kernel_initializer=kernel, name=name)


def chosen_autoencoder(
    name: str, given: keras.Model | None, kind: type[keras.Model], networks: Mapping[str, Any]
) -> keras.Model:
    """The autoencoder that the caller gave, or else a new one made of encoder and decoder.

    Args:
        name: Name of the argument that takes a whole autoencoder: vae or ae.
        given: Value of that argument.
        kind: Class of the new autoencoder.
        networks: Arguments of the new autoencoder: encoder_net, decoder_net and others.

    Raises:
        ArgumentTypeError: `given` is no Keras model, or encoder or decoder is no Sequential.
    """
    if given is not None:
        return checked_model(name, given)
    for key in ("encoder_net", "decoder_net"):
        if not isinstance(networks[key], keras.Sequential):
            raise ArgumentTypeError(
                f"{key}: must be a tf.keras.Sequential, is {type(networks[key]).__name__}; "
                f"give both encoder_net and decoder_net, or {name}"
            )
    return kind(**networks)


def checked_model(name: str, model: Any) -> keras.Model:
    """Returns the model.

    Raises:
        ArgumentTypeError: The model is no Keras model.
    """
    if not isinstance(model, keras.Model):
        raise ArgumentTypeError(f"{name}: must be a tf.keras.Model, is {type(model).__name__}")
    return model


def reconstructions(
    vae: keras.Model, x: tf.Tensor, samples: int, noise: tf.Tensor | None = None
) -> tf.Tensor:
    """`samples` reconstructions of each row, one after the other: [row * sample, ...].

    Args:
        vae: A VariationalAutoEncoder; or another model, which draws its own noise.
        x: Rows [row, ...].
        samples: Reconstructions of each row.
        noise: Standard normal [row, sample, latent], for a VariationalAutoEncoder.
    """
    x = tf.cast(x, vae.compute_dtype)
    if noise is not None:
        return vae.reconstruct(x, noise)
    return vae(tf.repeat(x, samples, axis=0), training=False)


def row_shape(network: keras.Model) -> tuple[int | None, ...] | None:
    """The shape of one row that the network takes; None where it does not say."""
    return _shape(network, "input")


def _shape(network: keras.Model, side: str) -> tuple[int | None, ...] | None:
    """Shape without the first axis; None where an unbuilt or subclassed network does not say."""
    if isinstance(network, _EncoderDecoder):
        network = network.encoder_net if side == "input" else network.decoder_net
    try:
        shape = getattr(network, f"{side}_shape")
    except (AttributeError, ValueError):
        return None
    return tuple(shape[1:]) if isinstance(shape, tuple) and len(shape) > 1 else None


def _check_rows_come_back(encoder_net: keras.Model, decoder_net: keras.Model) -> None:
    taken, given = _shape(encoder_net, "input"), _shape(decoder_net, "output")
    if taken is not None and given is not None and not shapes_fit(given, taken):
        raise ArgumentError(f"decoder_net: gives rows {given}, encoder_net takes {taken}")
