"""Pretrained networks whose inner layers give the features of pictures."""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tools.errors import InputError
from tools.run.seeds import child_seed
from vae_wgan.features.pretrained import Scaled, load_network, scaling_of
from vae_wgan.settings.features_settings import FeaturesSettings

# Pictures in a call. The last batch is filled up, so that a picture's features do not depend on how
# many are with it.
BATCH = 16
LEAST_SIDE = 96  # smaller pictures are enlarged
MOST_PLACES = 32  # along a side, at which features are taken
MOST_CHANNELS = 256  # that are kept at each place, drawn from the fine layers
FINE_STRIDE = 11  # pixels; layers of larger strides say little of a place, and are pooled only
STRIDES = (4, 8, 16)  # of the default layers
_LAYERS = {"squeezenet": ("fire3", "fire5", "fire7", "fire9")}  # of networks that the rule fits ill


class Features(NamedTuple):
    """Features of pictures.

    Attributes:
        maps: float16 [picture, row, column, channel], of the fine layers.
        pooled: float32 [picture, channel]: means over all places of all layers' channels, of the
            picture at its own size and at half of it where the network takes any size.
    """

    maps: np.ndarray
    pooled: np.ndarray


class FeatureNetwork:
    """Maps pictures to features; it is never trained.

    Args:
        settings: Settings of the run.
        image_shape: Height, width, channels of the pictures.

    Attributes:
        layers: From scaled pictures to the outputs of the chosen layers.
        digest: sha256 of all that features depend on besides the picture, in hexadecimal.
        maps_shape: Rows, columns, channels of a picture's map.
        pooled_size: Number of a picture's pooled features.

    Raises:
        InputError: The weights cannot be had, or the network has no such layers.
    """

    def __init__(self, settings: FeaturesSettings, image_shape: Sequence[int]):
        """Builds the network and reads its weights."""
        model = load_network(settings)
        self._scaled: Scaled = scaling_of(settings, model)
        self._sides, is_flexible = _input_sides(model, image_shape)
        names = settings.feature_layers or _LAYERS.get(model.name, ())
        layers = _named_layers(model, names) if names else _default_layers(model, self._sides)
        self.layers = tf.keras.Model(model.inputs[0], [layer.output for layer in layers])
        shapes = _output_shapes(self.layers, self._sides, model.input_shape[-1])
        total = sum(shape[-1] for shape in shapes)
        self._fine = _fine_layers(shapes, self._sides)
        channels = sum(shapes[number][-1] for number in self._fine)
        draw = np.random.default_rng(child_seed(settings.seed, "feature channels"))
        self._kept = np.sort(draw.permutation(channels)[:MOST_CHANNELS])
        sides = (min(shapes[number][axis] for number in self._fine) for axis in (1, 2))
        rows, columns = (min(MOST_PLACES, side) for side in sides)
        self.maps_shape = (rows, columns, len(self._kept))
        self._halves = is_flexible and min(self._sides) >= LEAST_SIDE
        self.pooled_size = total * (1 + self._halves)
        self._is_grey = model.input_shape[-1] == 1
        self.digest = _digest(model, [layer.name for layer in layers], settings)
        self._compiled = tf.function(self.tensors, autograph=False)

    def __call__(self, images: np.ndarray) -> Features:
        """Features of at most BATCH pictures [picture, height, width, channel] in [0, 1]."""
        filled = np.arange(BATCH).clip(max=len(images) - 1)
        maps, pooled = self._compiled(tf.convert_to_tensor(images[filled]))
        return Features(maps.numpy()[: len(images)], pooled.numpy()[: len(images)])

    def tensors(self, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """As `Features`, of any number of pictures [picture, height, width, channel]."""
        if self._is_grey:
            images = tf.reduce_mean(images, -1, keepdims=True)
        elif images.shape[-1] == 1:
            images = tf.repeat(images, 3, axis=-1)
        if tuple(images.shape[1:3]) != self._sides:
            images = tf.image.resize(images, self._sides, antialias=True)
        outputs = self._outputs(images)
        fine = [_at_places(outputs[number], self.maps_shape[:2]) for number in self._fine]
        kept = tf.gather(tf.concat(fine, -1), self._kept, axis=-1)
        highest = tf.float16.max
        maps = tf.cast(tf.clip_by_value(kept, -highest, highest), tf.float16)
        pooled = [tf.reduce_mean(output, (1, 2)) for output in outputs]
        if self._halves:
            half = [side // 2 for side in self._sides]
            small = self._outputs(tf.image.resize(images, half, antialias=True))
            pooled += [tf.reduce_mean(output, (1, 2)) for output in small]
        return maps, tf.concat(pooled, -1)

    def _outputs(self, images: tf.Tensor) -> list[tf.Tensor]:
        outputs = self.layers(self._scaled(images), training=False)
        return outputs if isinstance(outputs, list) else [outputs]


def _at_places(values: tf.Tensor, grid: tuple[int, int]) -> tf.Tensor:
    """The map [picture, row, column, channel] at a grid of places: means, or interpolated."""
    method = "area" if values.shape[1] >= grid[0] and values.shape[2] >= grid[1] else "bilinear"
    return tf.image.resize(values, grid, method=method)


def _input_sides(model: tf.keras.Model, image_shape: Sequence[int]) -> tuple[tuple[int, int], bool]:
    """Height and width of the pictures that the network is given; whether it takes any."""
    _, height, width, channels = model.input_shape
    if channels not in (1, 3):
        raise InputError(f"--features: the network takes {channels} channels, and pictures have 3")
    if height and width:
        return (height, width), False
    enlarged = max(1.0, LEAST_SIDE / min(image_shape[:2]))
    return (round(enlarged * image_shape[0]), round(enlarged * image_shape[1])), True


def _named_layers(model: tf.keras.Model, names: Sequence[str]) -> list[tf.keras.layers.Layer]:
    known = {layer.name: layer for layer in _map_layers(model)}
    if unknown := [name for name in names if name not in known]:
        raise InputError(
            f"--feature_layers={','.join(unknown)}: the network's layers with maps are"
            f" {', '.join(known)}"
        )
    return [known[name] for name in names]


def _default_layers(model: tf.keras.Model, sides: tuple[int, int]) -> list[tf.keras.layers.Layer]:
    """The last layer at each of STRIDES; without these, that of the three smallest sizes."""
    candidates = _map_layers(model)
    if not candidates:
        raise InputError("--features: the network has no layer whose output is a map")
    probe = tf.keras.Model(model.inputs[0], [layer.output for layer in candidates])
    shapes = _output_shapes(probe, sides, model.input_shape[-1])
    last = {
        round(float(np.log2(sides[0] / shape[1]))): layer
        for layer, shape in zip(candidates, shapes, strict=True)
    }
    wanted = [int(np.log2(stride)) for stride in STRIDES]
    return [last[level] for level in wanted if level in last] or list(last.values())[-3:]


def _map_layers(model: tf.keras.Model) -> list[tf.keras.layers.Layer]:
    """The layers whose output is [picture, row, column, channel], but inputs and paddings."""
    others = (tf.keras.layers.InputLayer, tf.keras.layers.ZeroPadding2D)
    return [
        layer
        for layer in model.layers
        if not isinstance(layer, others) and len(getattr(layer.output, "shape", ())) == 4
    ]


def _output_shapes(
    network: tf.keras.Model, sides: tuple[int, int], channels: int
) -> list[tuple[int, ...]]:
    shapes = network.compute_output_shape((1, *sides, channels))
    return shapes if isinstance(shapes, list) else [shapes]


def _fine_layers(shapes: Sequence[tuple[int, ...]], sides: tuple[int, int]) -> list[int]:
    """Numbers of the layers of fine strides; without any, of the finest."""
    rows = [shape[1] for shape in shapes]
    least = min(sides[0] / FINE_STRIDE, max(rows))
    return [number for number, found in enumerate(rows) if found >= least]


def _digest(model: tf.keras.Model, names: Sequence[str], settings: FeaturesSettings) -> str:
    digest = hashlib.sha256(f"{names} {settings.feature_scaling} {settings.seed}".encode())
    for weights in model.get_weights():
        digest.update(np.ascontiguousarray(weights).data)
    return digest.hexdigest()
