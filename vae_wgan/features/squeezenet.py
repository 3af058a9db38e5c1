"""SqueezeNet 1.1 without its classifier, which keras.applications does not have."""

import tensorflow as tf

layers = tf.keras.layers
# Channels of the fire modules 2 to 9: squeezed, and of each of the two expansions.
_MODULES = ((16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256))
_POOLED = (3, 5)  # modules behind which the sides are halved


def squeezenet() -> tf.keras.Model:
    """The network without weights, for pictures of any size, BGR less ImageNet's mean.

    Iandola et al. 2016, https://arxiv.org/abs/1602.07360. Layers have the names fire2 to fire9.
    """
    pictures = layers.Input((None, None, 3))
    values = layers.Conv2D(64, 3, strides=2, activation="relu", name="conv1")(pictures)
    values = layers.MaxPooling2D(3, 2, name="pool1")(values)
    for number, channels in enumerate(_MODULES, 2):
        values = _fire(values, f"fire{number}", *channels)
        if number in _POOLED:
            values = layers.MaxPooling2D(3, 2, name=f"pool{number}")(values)
    return tf.keras.Model(pictures, values, name="squeezenet")


def _fire(values: tf.Tensor, name: str, squeezed: int, expanded: int) -> tf.Tensor:
    def convolution(inputs: tf.Tensor, channels: int, side: int, part: str) -> tf.Tensor:
        options = {"padding": "same", "activation": "relu", "name": f"{name}_{part}"}
        return layers.Conv2D(channels, side, **options)(inputs)

    thin = convolution(values, squeezed, 1, "squeeze")
    parts = [convolution(thin, expanded, side, f"expand{side}") for side in (1, 3)]
    return layers.Concatenate(name=name)(parts)
