"""Loads pretrained networks: of keras.applications, SqueezeNet, or a user's own file."""

import importlib
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tools.errors import InputError
from vae_wgan.data.network_file import SQUEEZENET, NetworkFile
from vae_wgan.features.squeezenet import squeezenet
from vae_wgan.settings.features_settings import APPLICATIONS, FeaturesSettings

Scaled = Callable[[tf.Tensor], tf.Tensor]  # from pictures in [0, 1] to what a network takes
_RESCALING = (tf.keras.layers.Rescaling, tf.keras.layers.Normalization)


def load_network(settings: FeaturesSettings) -> tf.keras.Model:
    """The network with its weights, frozen.

    Raises:
        InputError: The weights cannot be downloaded, or the file does not fit.
    """
    file = settings.network_file
    if file is None:
        model = _downloaded(settings.features)
    elif file.architecture == "own" and not settings.feature_weights:
        model = _own_model(file)
    else:
        name = file.architecture or settings.features
        model = squeezenet() if name == SQUEEZENET else _application(name)(weights=None)
        _load_weights(model, file)
    model.trainable = False
    return model


def scaling_of(settings: FeaturesSettings, model: tf.keras.Model) -> Scaled:
    """The function from pictures [..., channel] in [0, 1] to values that the network takes."""
    scaling = settings.feature_scaling
    if scaling == "auto":
        if settings.features in APPLICATIONS:
            module = _module(settings.features)
            return lambda images: module.preprocess_input(255 * images)
        if model.name == SQUEEZENET:
            scaling = "caffe"
        else:
            scaling = "bytes" if any(isinstance(x, _RESCALING) for x in model.layers) else "unit"
    preprocess = tf.keras.applications.imagenet_utils.preprocess_input
    scalings: dict[str, Scaled] = {
        "bytes": lambda images: 255 * images,
        "unit": lambda images: images,
        "signed": lambda images: 2 * images - 1,
        "caffe": lambda images: preprocess(255 * images, mode="caffe"),
        "torch": lambda images: preprocess(255 * images, mode="torch"),
    }
    return scalings[scaling]


def _module(name: str) -> Any:
    return importlib.import_module(f"keras.applications.{APPLICATIONS[name][0]}")


def _application(name: str) -> Callable[..., tf.keras.Model]:
    make = getattr(_module(name), APPLICATIONS[name][1])
    return lambda weights: make(include_top=False, weights=weights, input_shape=(None, None, 3))


def _downloaded(name: str) -> tf.keras.Model:
    try:
        return _application(name)(weights="imagenet")
    except Exception as error:  # Keras raises Exception itself where an address cannot be reached
        reason = " ".join(str(error).split())
        raise InputError(
            f"--features={name}: its weights cannot be downloaded ({reason}); give a file of them"
            " with --feature_weights, or your own model with --features=FILE"
        ) from error


def _own_model(file: NetworkFile) -> tf.keras.Model:
    try:
        model = tf.keras.models.load_model(file.path, compile=False, safe_mode=True)
    except (ValueError, TypeError, OSError, KeyError, AttributeError) as error:
        raise _unfitting(file, error) from error
    if not isinstance(model, tf.keras.Model) or len(getattr(model, "inputs", None) or ()) != 1:
        raise InputError(f"--features={file.path}: a network with one input is needed")
    if len(model.input_shape) != 4:
        raise InputError(f"--features={file.path}: its input is no picture: {model.input_shape}")
    return model


def _load_weights(model: tf.keras.Model, file: NetworkFile) -> None:
    try:
        model.load_weights(file.path)
    except (ValueError, TypeError, OSError, KeyError, AttributeError) as error:
        raise _unfitting(file, error) from error


def _unfitting(file: NetworkFile, error: Exception) -> InputError:
    reason = " ".join(str(error).split())[:200]
    return InputError(f"{file.path} is no file of this network: {reason}")
