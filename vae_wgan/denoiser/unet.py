"""A small U-Net that sees the noise level: residual blocks at halving resolutions and back."""

import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from vae_wgan.vae.vae_networks import LAST, glorot

layers = tf.keras.layers
GROUP = 8  # channels that are normalized together
FREQUENCIES = np.geomspace(1, 64, 16)  # of the waves that tell the noise level
COARSEST = 8  # pixels: the resolution is halved while a side is larger


def unet(
    image_shape: Sequence[int],
    *,
    base_depth: int,
    blocks: int,
    activation: str,
    next_seed: Callable[[], int],
    name: str,
) -> tf.keras.Model:
    """Maps scaled images [image, height, width, channel] and noise levels [image] to images.

    The first resolution has `base_depth` channels, the others have twice as many. Sides that
    do not halve evenly are padded, and the output is cropped. It is 0 with initial weights.

    Args:
        image_shape: Height, width, channels.
        base_depth: Channels of the first resolution.
        blocks: Residual blocks at each resolution, on the way down and on the way up.
        activation: Activation function, by its Keras name.
        next_seed: Gives the seeds of initial weights.
        name: Prefix of the names of all layers.
    """
    make = _Layers(name, activation, next_seed)
    halvings = max(0, math.ceil(math.log2(max(image_shape[:2]) / COARSEST)))
    padding = [_halves(-side % 2**halvings) for side in image_shape[:2]]
    depths = [base_depth, *[2 * base_depth] * halvings]

    images, noise = layers.Input(tuple(image_shape)), layers.Input(())
    embedded = make.embedding(noise, 4 * base_depth)
    x = make.convolution(base_depth)(layers.ZeroPadding2D(padding)(images))
    skips = []
    for level, depth in enumerate(depths):
        for _ in range(blocks):
            x = make.block(x, embedded, depth)
        if level < halvings:
            skips.append(x)
            x = make.convolution(depths[level + 1], stride=2)(x)
    for depth in reversed(depths[:-1]):
        x = layers.Concatenate()([layers.UpSampling2D()(x), skips.pop()])
        for _ in range(blocks):
            x = make.block(x, embedded, depth)
    x = make.last_convolution(make.normalized(x), image_shape[2], **LAST)
    return tf.keras.Model([images, noise], layers.Cropping2D(padding, **LAST)(x), name=name)


class _Layers:
    """Makes layers with seeded initial weights, and names that tell networks apart."""

    def __init__(self, prefix: str, activation: str, next_seed: Callable[[], int]):
        self._numbers = itertools.count()
        self._prefix, self._activation, self._next_seed = prefix, activation, next_seed

    def convolution(self, filters: int, kernel: int = 3, stride: int = 1) -> tf.keras.layers.Layer:
        return layers.Conv2D(
            filters,
            kernel,
            stride,
            "same",
            kernel_initializer=glorot(self._next_seed),
            name=self._name("convolution"),
        )

    def last_convolution(self, x: tf.Tensor, filters: int, **options: str) -> tf.Tensor:
        """A convolution whose output is 0 at first."""
        name = self._name("convolution")
        return layers.Conv2D(
            filters, 3, 1, "same", kernel_initializer="zeros", name=name, **options
        )(x)

    def block(self, x: tf.Tensor, embedded: tf.Tensor, filters: int) -> tf.Tensor:
        """X plus two convolutions of it; the noise level shifts the channels between them."""
        change = self.convolution(filters)(self.normalized(x))
        shift = self._dense(filters)(embedded)
        change = layers.Add()([change, layers.Reshape((1, 1, filters))(shift)])
        change = self.last_convolution(self.normalized(change), filters)
        same = x if x.shape[-1] == filters else self.convolution(filters, kernel=1)(x)
        return layers.Add()([same, change])

    def normalized(self, x: tf.Tensor) -> tf.Tensor:
        """Group normalization and the activation."""
        groups = math.gcd(x.shape[-1], max(1, x.shape[-1] // GROUP))  # they divide the channels
        normalization = layers.GroupNormalization(groups, name=self._name("normalization"))
        return layers.Activation(self._activation)(normalization(x))

    def embedding(self, noise: tf.Tensor, size: int) -> tf.Tensor:
        """Sines and cosines of the scaled noise level through a dense layer: [image, size]."""
        waves = _Waves(name=self._name("waves"), **LAST)(noise)
        return layers.Activation(self._activation)(self._dense(size)(waves))

    def _dense(self, size: int) -> tf.keras.layers.Layer:
        initializer = glorot(self._next_seed)
        return layers.Dense(size, kernel_initializer=initializer, name=self._name("dense"))

    def _name(self, kind: str) -> str:
        return f"{self._prefix}_{kind}{next(self._numbers)}"


class _Waves(tf.keras.layers.Layer):
    """Maps numbers [image] to their sines and cosines at fixed frequencies [image, wave]."""

    def call(self, numbers: tf.Tensor) -> tf.Tensor:
        angles = numbers[:, tf.newaxis] * tf.constant(FREQUENCIES, tf.float32)
        return tf.concat([tf.sin(angles), tf.cos(angles)], axis=-1)


def _halves(size: int) -> tuple[int, int]:
    return size // 2, size - size // 2
