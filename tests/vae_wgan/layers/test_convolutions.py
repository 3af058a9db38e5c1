import numpy as np
import pytest
import tensorflow as tf

from vae_wgan.layers.convolutions import FewFiltersConv2D, SubpixelConv2DTranspose

# kernel size, stride, padding, input side: those of the decoder first, then other parities
CASES = [
    (7, 1, "valid", 1),
    (8, 1, "valid", 1),
    (5, 1, "same", 7),
    (5, 2, "same", 7),
    (5, 2, "same", 8),
    (3, 2, "same", 5),
    (7, 2, "same", 4),
    (5, 3, "same", 4),
    (7, 1, "valid", 3),
]


@pytest.mark.parametrize(("size", "stride", "padding", "side"), CASES)
def test_values_and_gradients_are_those_of_the_layer_it_replaces(size, stride, padding, side):
    classes = (tf.keras.layers.Conv2DTranspose, SubpixelConv2DTranspose)
    assert_equal_layers(
        [kind(4, size, stride, padding, activation="leaky_relu") for kind in classes], side
    )


@pytest.mark.parametrize(("size", "filters", "side"), [(5, 1, 8), (5, 2, 7), (3, 6, 4), (1, 1, 3)])
def test_few_filters_give_what_the_plain_layer_gives(size, filters, side):
    classes = (tf.keras.layers.Conv2D, FewFiltersConv2D)
    assert_equal_layers([kind(filters, size, padding="same") for kind in classes], side)


def assert_equal_layers(layers, side):
    """Of the same weights, they have the same outputs and gradients."""
    rng = np.random.default_rng(side)
    images = tf.constant(rng.normal(size=(2, side, side, 3)).astype(np.float32))
    results = []
    weights = None
    for layer in layers:
        layer.build(images.shape)
        weights = weights or [rng.normal(size=w.shape) for w in layer.get_weights()]
        layer.set_weights(weights)
        with tf.GradientTape() as tape:
            tape.watch(images)
            outputs = layer(images)
            loss = tf.reduce_sum(outputs * tf.sin(tf.range(tf.size(outputs), dtype=tf.float32)[0]))
            loss += tf.reduce_sum(outputs**2)
        results.append(
            [outputs, *tape.gradient(loss, [images, layer.kernel.value, layer.bias.value])]
        )
    for expected, found in zip(*results, strict=True):
        scale = np.abs(expected).max()
        np.testing.assert_allclose(found / scale, expected / scale, atol=1e-6)
