"""The VAE's convolutional encoder and decoder, for square images."""

from collections.abc import Callable, Sequence

import tensorflow as tf

from vae_wgan.convolutions import SubpixelConv2DTranspose

layers = tf.keras.layers


def encoder_network(
    image_shape: Sequence[int],
    *,
    latent_size: int,
    base_depth: int,
    activation: str,
    next_seed: Callable[[], int],
) -> tf.keras.Model:
    """Network from images in [0, 1] to [image, 2 * latent]: mean and raw scale of q(z|x)."""

    def convolution(name: str, filters: int, size: int = 5, stride: int = 1, **options: str):
        options = {"padding": "same", "activation": activation, "name": name} | options
        return layers.Conv2D(filters, size, stride, kernel_initializer=glorot(next_seed), **options)

    return tf.keras.Sequential(
        [
            layers.Input(image_shape),
            layers.Rescaling(2.0, offset=-1.0),
            convolution("convolution0", base_depth),
            convolution("convolution1", base_depth, stride=2),
            convolution("convolution2", 2 * base_depth),
            convolution("convolution3", 2 * base_depth, stride=2),
            convolution("convolution4", 4 * latent_size, size=7, padding="valid"),
            layers.Flatten(),
            layers.Dense(2 * latent_size, kernel_initializer=glorot(next_seed), name="posterior"),
        ],
        name="encoder",
    )


def decoder_network(
    image_shape: Sequence[int],
    *,
    latent_size: int,
    base_depth: int,
    activation: str,
    next_seed: Callable[[], int],
) -> tf.keras.Model:
    """Network from codes [image, latent] to pixel logits [image, height, width, channel]."""

    def transposed(name: str, filters: int, size: int = 5, stride: int = 1, padding: str = "same"):
        return SubpixelConv2DTranspose(
            filters,
            size,
            stride,
            padding,
            activation=activation,
            kernel_initializer=glorot(next_seed),
            name=name,
        )

    return tf.keras.Sequential(
        [
            layers.Input((latent_size,)),
            layers.Reshape((1, 1, latent_size)),
            transposed("transposed0", 2 * base_depth, image_shape[0] // 4, padding="valid"),
            transposed("transposed1", 2 * base_depth),
            transposed("transposed2", 2 * base_depth, stride=2),
            transposed("transposed3", base_depth),
            transposed("transposed4", base_depth, stride=2),
            transposed("transposed5", base_depth),
            layers.Conv2D(
                image_shape[2],
                5,
                padding="same",
                kernel_initializer=glorot(next_seed),
                name="logits",
            ),
        ],
        name="decoder",
    )


def glorot(next_seed: Callable[[], int]) -> tf.keras.initializers.Initializer:
    """Glorot's uniform initializer with a seed of its own."""
    return tf.keras.initializers.GlorotUniform(next_seed())
