"""Convolutions computed in another form: the same numbers, faster on a CPU."""

from collections.abc import Callable

import tensorflow as tf


class SubpixelConv2DTranspose(tf.keras.layers.Conv2DTranspose):
    """`Conv2DTranspose` with the same weights and results (channels last), faster on a CPU.

    A CPU runs a transposed convolution, and above all its gradients, far slower than a plain one.
    This layer rearranges the kernel and runs a plain convolution: for stride 1 with the kernel
    turned by 180 degrees, for stride s with one set of output channels per position in an s x s
    block, which `depth_to_space` puts in place (Shi et al. 2016,
    https://arxiv.org/abs/1609.07009). A 1x1 input takes one matrix product.

    Supports `padding="same"` with an odd kernel, and `padding="valid"` with stride 1; no dilation.
    """

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Maps [image, height, width, channel] to [image, height*, width*, filters]."""
        if inputs.shape[1] == inputs.shape[2] == 1 and self.padding == "valid":
            outputs = self._from_one_pixel(inputs)
        elif self.padding == "valid":
            outputs = self._convolve(inputs, pad=self.kernel_size[0] - 1)
        else:
            outputs = self._convolve(inputs, pad=None)
        if self.use_bias:
            outputs = outputs + self.bias
        return self.activation(outputs)

    def _from_one_pixel(self, inputs: tf.Tensor) -> tf.Tensor:
        height, width, filters, channels = self.kernel.shape
        kernel = tf.reshape(self.kernel, [height * width * filters, channels])
        outputs = tf.matmul(inputs[:, 0, 0, :], kernel, transpose_b=True)
        return tf.reshape(outputs, [-1, height, width, filters])

    def _convolve(self, inputs: tf.Tensor, pad: int | None) -> tf.Tensor:
        stride = self.strides[0]
        if stride == 1:
            kernel = tf.transpose(self.kernel[::-1, ::-1], [0, 1, 3, 2])
            padding = "SAME" if pad is None else [[0, 0], [pad, pad], [pad, pad], [0, 0]]
            return tf.nn.conv2d(inputs, kernel, 1, padding)
        blocks = tf.nn.conv2d(inputs, subpixel_kernel(self.kernel, stride), 1, "SAME")
        return tf.nn.depth_to_space(blocks, stride)


class FewFiltersConv2D(tf.keras.layers.Conv2D):
    """`Conv2D` with the same weights and results, for one filter or a few; no second derivatives.

    A convolution works on blocks of filters, so with one filter most of a CPU is idle, above all
    in the gradients. This layer computes each pixel's contributions to the outputs around it by one
    matrix product, then adds them up, shifted to their positions.

    Supports stride 1 and `padding="same"` with an odd kernel; channels last.
    """

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Maps [image, height, width, channel] to [image, height, width, filters]."""
        outputs = _few_filters(inputs, tf.convert_to_tensor(self.kernel))
        if self.use_bias:
            outputs = outputs + self.bias
        return self.activation(outputs)


@tf.custom_gradient
def _few_filters(inputs: tf.Tensor, kernel: tf.Tensor) -> tuple[tf.Tensor, Callable]:
    size, _, channels, filters = kernel.shape
    _, height, width, _ = inputs.shape
    reach, taps = size // 2, [(row, column) for row in range(size) for column in range(size)]
    around = [[0, 0], [reach, reach], [reach, reach], [0, 0]]
    by_channel = tf.reshape(tf.transpose(kernel, [2, 0, 1, 3]), [channels, -1])
    pixels = tf.reshape(inputs, [-1, channels])  # [pixel, channel]
    terms = tf.reshape(pixels @ by_channel, [-1, height, width, len(taps) * filters])
    terms = tf.split(tf.pad(terms, around), len(taps), axis=-1)
    outputs = tf.add_n(
        [
            term[:, row : row + height, column : column + width]
            for term, (row, column) in zip(terms, taps, strict=True)
        ]
    )

    def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        padded = tf.pad(upstream, around)
        shifted = [
            padded[:, row : row + height, column : column + width] for row, column in taps[::-1]
        ]
        of_terms = tf.reshape(tf.concat(shifted, axis=-1), [-1, len(taps) * filters])
        of_inputs = tf.matmul(of_terms, by_channel, transpose_b=True)
        of_kernel = tf.matmul(pixels, of_terms, transpose_a=True)
        of_kernel = tf.reshape(of_kernel, [channels, size, size, filters])
        return tf.reshape(of_inputs, tf.shape(inputs)), tf.transpose(of_kernel, [1, 2, 0, 3])

    return outputs, gradient


def subpixel_kernel(kernel: tf.Tensor, stride: int) -> tf.Tensor:
    """Kernel of the plain convolution whose `depth_to_space` is the strided transposed one.

    Output pixel `s*i + r` of a transposed convolution with "same" padding and left padding p sums
    `input[j] * kernel[s*(i - j) + r + p]`; for each phase r that is a convolution over j.

    Args:
        kernel: [size, size, filters, channels], size odd, the layout of `Conv2DTranspose`.
        stride: Upsampling factor s, the same in both directions.

    Returns:
        [taps, taps, channels, stride * stride * filters], taps odd.
    """
    size, _, filters, channels = kernel.shape
    left = max(size - stride, 0) // 2
    reach = max((left + stride - 1) // stride, (size - 1 - left) // stride)
    taps = 2 * reach + 1
    # Tap t of phase r reads input j = i + t - reach, that is kernel[s * (reach - t) + r + left].
    before = stride * reach - left
    after = stride * taps - before - size
    padded = tf.pad(kernel, [[before, after], [before, after], [0, 0], [0, 0]])
    split = tf.reshape(padded, [taps, stride, taps, stride, filters, channels])
    turned = tf.transpose(split[::-1, :, ::-1], [0, 2, 5, 1, 3, 4])
    return tf.reshape(turned, [taps, taps, channels, stride * stride * filters])
