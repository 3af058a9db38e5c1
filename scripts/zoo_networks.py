"""The networks of the detectors' documents, for the zoo, the examples and the benchmark.

They were designed for images of 32x32x3; for other sides the strides follow `strides_of`. `thin`
divides the numbers of filters, for machines with few cores. `noise` is the standard deviation of
normal noise that is added to the images in training only; the documents have none. Nothing but
TensorFlow is imported, so that a benchmark can build the same networks in another environment.
"""

from collections.abc import Sequence

import tensorflow as tf

layers = tf.keras.layers
ImageShape = tuple[int, int, int]
CODE_FILTERS = 128  # filters of the map with which a decoder begins


def vae_networks(
    image_shape: ImageShape, latent_dim: int, thin: int = 1, noise: float = 0
) -> tuple[tf.keras.Sequential, tf.keras.Sequential]:
    """Encoder and decoder of OutlierVAE (latent_dim 1024) and AdversarialVAE (latent_dim 50)."""
    strides = strides_of(image_shape[0])
    encoder = tf.keras.Sequential(
        [
            tf.keras.Input(image_shape),
            *_noise(noise),
            *_convolutions(layers.Conv2D, (64, 128, 512), strides, thin),
        ]
    )
    decoder = _decoder(image_shape, latent_dim, thin, first=None, last="sigmoid")
    return encoder, decoder


def ae_networks(
    image_shape: ImageShape, thin: int = 1, noise: float = 0
) -> tuple[tf.keras.Sequential, tf.keras.Sequential]:
    """Encoder and decoder of AdversarialAE, with 40 numbers between them."""
    penalty = {"kernel_regularizer": tf.keras.regularizers.L1(1e-5)}
    strides = strides_of(image_shape[0])
    encoder = tf.keras.Sequential(
        [
            tf.keras.Input(image_shape),
            *_noise(noise),
            *_convolutions(layers.Conv2D, (32, 64, 256), strides, thin, **penalty),
            layers.Flatten(),
            layers.Dense(40),
        ]
    )
    return encoder, _decoder(image_shape, 40, thin, first=tf.nn.relu, last=None, **penalty)


def distilled_classifier(image_shape: ImageShape, thin: int = 1) -> tf.keras.Sequential:
    """The small classifier of ModelDistillation; it standardizes each image first."""
    return tf.keras.Sequential(
        [
            tf.keras.Input(image_shape),
            layers.LayerNormalization(axis=(1, 2, 3), center=False, scale=False),
            *_convolutions(layers.Conv2D, (256, 128, 64), strides_of(image_shape[0]), thin),
            layers.Flatten(),
            layers.Dense(40, activation=tf.nn.relu),
            layers.Dense(10, activation="softmax"),
        ]
    )


def classifier(image_shape: ImageShape, thin: int = 1) -> tf.keras.Sequential:
    """The defended classifier, two pairs of convolutions; it is ours, the documents have none."""
    pairs = []
    for filters in (32 // thin, 64 // thin):
        for _ in range(2):
            pairs.append(layers.Conv2D(filters, 3, padding="same", activation=tf.nn.relu))
        pairs.append(layers.MaxPooling2D())
    return tf.keras.Sequential(
        [
            tf.keras.Input(image_shape),
            *pairs,
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(128, activation=tf.nn.relu),
            layers.Dropout(0.3),
            layers.Dense(10, activation="softmax"),
        ]
    )


def strides_of(side: int) -> tuple[int, int, int]:
    """Strides of three convolutions that halve the side while it is even: 32, 16, 8, 4."""
    strides = []
    for _ in range(3):
        strides.append(2 if side % 2 == 0 else 1)
        side //= strides[-1]
    return tuple(strides)


def _decoder(
    image_shape: ImageShape, code_size: int, thin: int, *, first: object, last: object, **options
) -> tf.keras.Sequential:
    """From a code to an image: a dense layer, then the encoder's strides backwards."""
    strides = strides_of(image_shape[0])[::-1]
    side = image_shape[0] // (strides[0] * strides[1] * strides[2])
    map_shape = (side, side, CODE_FILTERS // thin)
    return tf.keras.Sequential(
        [
            tf.keras.Input((code_size,)),
            layers.Dense(side * side * map_shape[-1], activation=first),
            layers.Reshape(map_shape),
            *_convolutions(layers.Conv2DTranspose, (256, 64), strides[:2], thin, **options),
            layers.Conv2DTranspose(
                image_shape[-1], 4, strides=strides[2], padding="same", activation=last, **options
            ),
        ]
    )


def _noise(scale: float) -> list[layers.Layer]:
    return [layers.GaussianNoise(scale)] if scale else []


def _convolutions(
    kind: type[layers.Layer], filters: Sequence[int], strides: Sequence[int], thin: int, **options
) -> list[layers.Layer]:
    return [
        kind(count // thin, 4, strides=stride, padding="same", activation=tf.nn.relu, **options)
        for count, stride in zip(filters, strides, strict=True)
    ]
