"""Small networks of strided convolutions for the WGAN, after Radford et al. 2016 (DCGAN).

https://arxiv.org/abs/1511.06434. The generator has layer normalization instead of batch
normalization, so it needs no running means; the critic has none, since batch normalization would
violate the gradient penalty per image. A few wide convolutions use a processor better than the
narrow layers of 2018 at full resolution. Networks for images of 56 pixels or more are deeper.
"""

from collections.abc import Callable, Sequence

import tensorflow as tf

from vae_wgan.layers.activations import PiecewiseLinearActivation
from vae_wgan.vae.vae_networks import LAST, glorot, halvings

layers = tf.keras.layers


def dcgan_generator(
    image_shape: Sequence[int],
    *,
    latent_size: int,
    base_depth: int,
    activation: str,
    next_seed: Callable[[], int],
) -> tf.keras.Model:
    """Maps codes [image, latent] to pixel logits [image, height, width, channel]."""
    more, depth = halvings(image_shape[0]), 2 * base_depth
    side = (image_shape[0] >> more) // 4

    def normalized(name: str) -> tuple[tf.keras.layers.Layer, ...]:
        return layers.LayerNormalization(name=name), layers.Activation(activation)

    def upsampling(name: str, filters: int, **options: str) -> tf.keras.layers.Layer:
        # SubpixelConv2DTranspose would be faster only under XLA and with smaller kernels.
        return layers.Conv2DTranspose(
            filters, 5, 2, "same", kernel_initializer=glorot(next_seed), name=name, **options
        )

    return tf.keras.Sequential(
        [
            layers.Input((latent_size,)),
            layers.Dense(side**2 * depth, kernel_initializer=glorot(next_seed), name="seed"),
            layers.Reshape((side, side, depth)),
            *normalized("normalization0"),
            *(
                layer
                for index in range(more)
                for layer in (
                    upsampling(f"doubled{index}", depth),
                    *normalized(f"doubled_normalization{index}"),
                )
            ),
            upsampling("transposed0", base_depth),
            *normalized("normalization1"),
            upsampling("logits", image_shape[2], **LAST),
        ],
        name="generator",
    )


def dcgan_critic(
    image_shape: Sequence[int],
    *,
    latent_size: int,
    base_depth: int,
    activation: str,
    next_seed: Callable[[], int],
    name: str = "critic",
) -> tf.keras.Model:
    """Maps images in [0, 1] to logits [image, 1]; `latent_size` is not used."""
    del latent_size

    def downsampling(name: str, filters: int) -> tuple[tf.keras.layers.Layer, ...]:
        convolution = layers.Conv2D(
            filters, 5, 2, "same", kernel_initializer=glorot(next_seed), name=name
        )
        return convolution, PiecewiseLinearActivation(activation)

    return tf.keras.Sequential(
        [
            layers.Input(image_shape),
            layers.Rescaling(2.0, offset=-1.0),
            *downsampling("convolution0", base_depth),
            *downsampling("convolution1", 2 * base_depth),
            *(
                layer
                for index in range(halvings(image_shape[0]))
                for layer in downsampling(f"halved{index}", 2 * base_depth)
            ),
            layers.Flatten(),
            layers.Dense(1, kernel_initializer=glorot(next_seed), name="logit", **LAST),
        ],
        name=name,
    )
