"""The networks of detectors: autoencoders, and the classifier's hidden layers."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import numpy as np
import tensorflow as tf

from anomaly.machinery.detector_input import (
    ArgumentError,
    ArgumentTypeError,
    checked_count,
    checked_number,
)
from tools.run.seeds import child_seed

keras = tf.keras


class _EncoderDecoder(keras.Model):
    """A model of two networks that Keras can write and read back."""

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
        **options: Of tf.keras.Model.

    Raises:
        ArgumentError: The two do not fit each other.
    """

    def __init__(self, encoder_net: keras.Model, decoder_net: keras.Model, **options: Any):
        super().__init__(encoder_net, decoder_net, **options)
        code, wanted = _shape(encoder_net, "output"), _shape(decoder_net, "input")
        if None not in (code, wanted) and not _fit(code, wanted):
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
        seed: Of the first weights and of the draws in a call; None: other ones each time.
        **options: Of tf.keras.Model.
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
        if wanted is not None and not _fit((self.latent_dim,), wanted):
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
    """The autoencoder that a detector's caller named: a whole one, or a new one of two networks.

    Args:
        name: The argument of the whole one: vae or ae.
        given: Its value.
        kind: Class of a new one.
        networks: encoder_net, decoder_net and the other arguments of a new one.

    Raises:
        ArgumentTypeError: `given` is no Keras model, or one of the two is no Sequential.
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
    """The model.

    Raises:
        ArgumentTypeError: It is no Keras model.
    """
    if not isinstance(model, keras.Model):
        raise ArgumentTypeError(f"{name}: must be a tf.keras.Model, is {type(model).__name__}")
    return model


def freeze(model: keras.Model) -> None:
    """Makes every layer untrainable."""
    for layer in model.layers:
        layer.trainable = False


def hidden_head(output_dim: int) -> keras.Sequential:
    """A random projection to `output_dim` probabilities, which is never trained."""
    return keras.Sequential(
        [keras.layers.Flatten(), keras.layers.Dense(output_dim, activation="softmax")]
    )


def hidden_layer_model(model: keras.Model, index: int, head: keras.Sequential) -> keras.Model:
    """The model from the classifier's input through layer `index` and the head.

    Raises:
        ArgumentError: There is no such layer, or it cannot be reached from the input.
    """
    try:
        layer = model.layers[index]
        side_model = keras.Model(model.inputs[0], head(layer.output))
    except (AttributeError, IndexError, TypeError, ValueError) as error:
        raise ArgumentError(
            f"hidden_layer_kld: model has no output of a layer {index!r}; it has "
            f"{len(model.layers)} layers, and must be a Sequential or a functional model"
        ) from error
    freeze(side_model)
    return side_model


def joint_outputs(
    model: keras.Model, side_models: Sequence[keras.Model]
) -> Callable[[tf.Tensor], Sequence[tf.Tensor]]:
    """Maps rows to the outputs of all the models, in one pass where they share their layers."""
    models = [model, *side_models]
    inputs = [getattr(each, "inputs", None) for each in models]
    if side_models and all(tensors and tensors[0] is inputs[0][0] for tensors in inputs):
        joint = keras.Model(model.inputs[0], [each.outputs[0] for each in models])
        return lambda x: joint(x, training=False)
    return lambda x: [each(x, training=False) for each in models]


def row_shape(network: keras.Model) -> tuple[int | None, ...] | None:
    """The shape of one row that the network takes; None where it does not say."""
    return _shape(network, "input")


def _shape(network: keras.Model, side: str) -> tuple[int | None, ...] | None:
    """Without the first axis; None where an unbuilt or subclassed network does not say."""
    if isinstance(network, _EncoderDecoder):
        network = network.encoder_net if side == "input" else network.decoder_net
    try:
        shape = getattr(network, f"{side}_shape")
    except (AttributeError, ValueError):
        return None
    return tuple(shape[1:]) if isinstance(shape, tuple) and len(shape) > 1 else None


def _fit(shape: tuple[int | None, ...], wanted: tuple[int | None, ...]) -> bool:
    pairs = zip(shape, wanted, strict=False)
    return len(shape) == len(wanted) and all(a == b or None in (a, b) for a, b in pairs)


def _check_rows_come_back(encoder_net: keras.Model, decoder_net: keras.Model) -> None:
    taken, given = _shape(encoder_net, "input"), _shape(decoder_net, "output")
    if None not in (taken, given) and not _fit(given, taken):
        raise ArgumentError(f"decoder_net: gives rows {given}, encoder_net takes {taken}")
