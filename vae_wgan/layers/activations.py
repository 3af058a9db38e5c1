"""Activations computed in another form: the same numbers, cheaper second derivatives."""

import tensorflow as tf

SLOPES = {"relu": 0.0, "leaky_relu": 0.2}  # below zero, as in Keras


class PiecewiseLinearActivation(tf.keras.layers.Activation):
    """`Activation` with the same results and derivatives of any order.

    The second derivative of relu and leaky_relu is zero, but TensorFlow multiplies by these zeros:
    a gradient penalty would propagate them back through all layers of a critic. Here the slope is a
    constant for gradients, which skips that computation. Other activations are Keras's own.
    """

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Applies the activation elementwise."""
        name = self.activation.__name__
        if name not in SLOPES:
            return super().call(inputs)
        slopes = tf.where(inputs > 0, 1.0, SLOPES[name])
        return inputs * tf.stop_gradient(tf.cast(slopes, inputs.dtype))
