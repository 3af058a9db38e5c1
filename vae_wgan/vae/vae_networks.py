"""Convolutional networks for square images: the VAE's encoder and decoder, the WGAN's critic.

Networks for larger images are deeper: strided convolutions of `base_depth` filters before those of
2018 halve an image, see `halvings`, and the decoder doubles it as often.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import tensorflow as tf

from vae_wgan.layers.activations import PiecewiseLinearActivation
from vae_wgan.layers.convolutions import FewFiltersConv2D, SubpixelConv2DTranspose

layers = tf.keras.layers
PRECISIONS = {"float32": "float32", "bfloat16": "mixed_bfloat16"}  # Keras's names
# Options of output layers: the likelihoods and losses after them sum many terms.
LAST = {"dtype": "float32"}
SMALL_SIDE = 56  # pixels, from which on a network is deeper


@contextmanager
def layers_in(precision: str) -> Iterator[None]:
    """Context in which new layers compute with this precision; their weights stay float32.

    Args:
        precision: Key of PRECISIONS.
    """
    before = tf.keras.config.dtype_policy()
    tf.keras.config.set_dtype_policy(PRECISIONS[precision])
    try:
        yield
    finally:
        tf.keras.config.set_dtype_policy(before)


def halvings(side: int) -> int:
    """How often an image is halved before the networks of 2018 see it.

    Until its side is below 56 pixels, as long as the result is a multiple of 4.
    """
    count = 0
    while side >= SMALL_SIDE and side % 8 == 0:
        side, count = side // 2, count + 1
    return count


def images_at_once(most: int, image_shape: Sequence[int]) -> int:
    """Images in one call so that memory does not grow with their size; `most` up to 32x32."""
    height, width, _ = image_shape
    return max(1, min(most, most * 32**2 // (height * width)))


def encoder_network(
    image_shape: Sequence[int],
    *,
    latent_size: int,
    base_depth: int,
    activation: str,
    next_seed: Callable[[], int],
) -> tf.keras.Model:
    """Maps images in [0, 1] to [image, 2 * latent]: mean and raw scale of q(z|x)."""
    new_activation = partial(layers.Activation, activation)
    features = _image_features(image_shape, latent_size, base_depth, new_activation, next_seed)
    posterior = layers.Dense(
        2 * latent_size, kernel_initializer=glorot(next_seed), name="posterior", **LAST
    )
    return tf.keras.Sequential([*features, posterior], name="encoder")


def critic_network(
    image_shape: Sequence[int],
    *,
    latent_size: int,
    base_depth: int,
    activation: str,
    next_seed: Callable[[], int],
    name: str = "critic",
) -> tf.keras.Model:
    """Maps images in [0, 1] to logits [image, 1]; the encoder with two dense layers at the end."""
    new_activation = partial(PiecewiseLinearActivation, activation)
    features = _image_features(image_shape, latent_size, base_depth, new_activation, next_seed)
    summary = layers.Dense(latent_size, kernel_initializer=glorot(next_seed), name="summary")
    logit = layers.Dense(1, kernel_initializer=glorot(next_seed), name="logit", **LAST)
    return tf.keras.Sequential([*features, summary, logit], name=name)


def decoder_network(
    image_shape: Sequence[int],
    *,
    latent_size: int,
    base_depth: int,
    activation: str,
    next_seed: Callable[[], int],
    outputs_per_channel: int = 1,
) -> tf.keras.Model:
    """Maps codes [image, latent] to [image, height, width, outputs_per_channel * channel].

    The outputs are the parameters of each pixel's distribution, such as a logit.
    """
    more = halvings(image_shape[0])
    core = image_shape[0] >> more

    def transposed(
        name: str, filters: int, size: int = 5, stride: int = 1, padding: str = "same"
    ) -> tf.keras.layers.Layer:
        initializer = glorot(next_seed)
        convolution = SubpixelConv2DTranspose(
            filters, size, stride, padding, kernel_initializer=initializer, name=name
        )
        return convolution, layers.Activation(activation)

    return tf.keras.Sequential(
        [
            layers.Input((latent_size,)),
            layers.Reshape((1, 1, latent_size)),
            *transposed("transposed0", 2 * base_depth, core // 4, padding="valid"),
            *transposed("transposed1", 2 * base_depth),
            *transposed("transposed2", 2 * base_depth, stride=2),
            *transposed("transposed3", base_depth),
            *transposed("transposed4", base_depth, stride=2),
            *transposed("transposed5", base_depth),
            *(
                layer
                for index in range(more)
                for layer in transposed(f"doubled{index}", base_depth, stride=2)
            ),
            FewFiltersConv2D(
                outputs_per_channel * image_shape[2],
                5,
                padding="same",
                kernel_initializer=glorot(next_seed),
                name="logits",
                **LAST,
            ),
        ],
        name="decoder",
    )


def glorot(next_seed: Callable[[], int]) -> tf.keras.initializers.Initializer:
    """Glorot's uniform initializer with the next seed."""
    return tf.keras.initializers.GlorotUniform(next_seed())


def _image_features(
    image_shape: Sequence[int],
    latent_size: int,
    base_depth: int,
    new_activation: Callable[[], tf.keras.layers.Layer],
    next_seed: Callable[[], int],
) -> list[tf.keras.layers.Layer]:
    """The layers that map images in [0, 1] to feature vectors [image, feature]."""

    def convolution(
        name: str, filters: int, size: int = 5, stride: int = 1, padding: str = "same"
    ) -> tf.keras.layers.Layer:
        initializer = glorot(next_seed)
        convolution = layers.Conv2D(
            filters, size, stride, padding, kernel_initializer=initializer, name=name
        )
        return convolution, new_activation()

    return [
        layers.Input(image_shape),
        layers.Rescaling(2.0, offset=-1.0),
        *(
            layer
            for index in range(halvings(image_shape[0]))
            for layer in convolution(f"halved{index}", base_depth, stride=2)
        ),
        *convolution("convolution0", base_depth),
        *convolution("convolution1", base_depth, stride=2),
        *convolution("convolution2", 2 * base_depth),
        *convolution("convolution3", 2 * base_depth, stride=2),
        *convolution("convolution4", 4 * latent_size, size=7, padding="valid"),
        layers.Flatten(),
    ]
