"""Norms of the gradient of one image's log likelihood by each weight tensor of a VAE."""

from typing import NamedTuple

import tensorflow as tf

from tools.scores.score_registry import GRADIENT_NORMS
from vae_wgan.ensemble.model_state import with_weights
from vae_wgan.vae.priors import FlowPrior, MaskedNetwork, MixturePrior
from vae_wgan.vae.vae import VAE

layers = tf.keras.layers
# Squared norms are clipped to this range, so that their logarithms are finite.
SMALLEST, LARGEST = 1e-30, 1e37


class LinearMap(NamedTuple):
    """A convolution or dense layer with the inputs and outputs of one call."""

    layer: layers.Layer
    inputs: tf.Tensor
    outputs: tf.Tensor


class TracedNetwork:
    """A flow's network that records the inputs and outputs of its layers.

    Attributes:
        calls: For each call, (inputs, outputs) of every layer; the flow calls the network twice
            with the same codes, for the value and for its density.
    """

    def __init__(self, network: MaskedNetwork):
        """Records the calls of this network."""
        self.network = network
        self.calls: list[list[tuple[tf.Tensor, tf.Tensor]]] = []

    def __call__(self, z: tf.Tensor) -> tf.Tensor:
        """Returns the network's outputs."""
        result, maps = self.network.traced(z)
        self.calls.append(maps)
        return result


def log_gradient_norms(vae: VAE, images: tf.Tensor) -> dict[str, tf.Tensor]:
    """Log squared gradient norms log |d(-log w)/d theta|**2: [image] by `tensor_names`.

    theta is a trainable tensor; w is the importance weight at the mean of q(z|x), so that -log w
    approximates -log p(x). Dauncey et al. 2024, "Approximations to the Fisher information metric of
    deep generative models for out-of-distribution detection", https://arxiv.org/abs/2403.01485.

    One backward pass of the batch gives the gradients by all layers' outputs; together with a
    layer's inputs they give the gradients by its weights for each image. This is many times faster
    than a backward pass per image.

    Args:
        vae: The model.
        images: [image, height, width, channel] in [0, 1]; the number of images is static.
    """
    with tf.GradientTape() as tape:
        images = tf.convert_to_tensor(images)
        tape.watch(images)  # records what depends on them: weights may be tensors, not variables
        outputs, encoder_maps = _traced(vae.encoder, images)
        posterior = vae.posterior(outputs)
        z = posterior.mean()
        pixels, decoder_maps = _traced(vae.decoder, z)
        log_likelihood = vae.pixel_distribution(pixels).log_prob(images)
        log_weight = log_likelihood + vae.prior().log_prob(z) - posterior.log_prob(z)
    maps = [*encoder_maps, *decoder_maps]
    gradients = tape.gradient(log_weight, [part.outputs for part in maps])
    gradients = [tf.cast(gradient, tf.float32) for gradient in gradients]  # may be bfloat16
    norms = [
        norm
        for part, gradient in zip(maps, gradients, strict=True)
        for norm in (_kernel_norms(part, gradient), _bias_norms(gradient))
    ]
    of_prior = _flow_norms if isinstance(vae.prior_network, FlowPrior) else _mixture_norms
    norms += of_prior(vae.prior_network, z)
    logs = [tf.math.log(tf.clip_by_value(norm, SMALLEST, LARGEST)) for norm in norms]
    return dict(zip(tensor_names(vae), logs, strict=True))


def tensor_names(vae: VAE) -> list[str]:
    """gradient_norm.NETWORK.LAYER.VARIABLE for the trainable variables, encoder, decoder, prior."""
    networks = (vae.encoder, vae.decoder, vae.prior_network)
    weights = [weight for network in networks for weight in network.trainable_variables]
    return [GRADIENT_NORMS + weight.path.replace("/", ".") for weight in weights]


def _traced(network: tf.keras.Sequential, values: tf.Tensor) -> tuple[tf.Tensor, list[LinearMap]]:
    """The network's outputs, and the calls of its layers that have weights."""
    maps = []
    for layer in network.layers:
        inputs, values = values, layer(values)
        if layer.trainable_weights:
            maps.append(LinearMap(layer, inputs, values))
    return values, maps


def _kernel_norms(part: LinearMap, gradient: tf.Tensor) -> tf.Tensor:
    """Squared gradient norm of a layer's kernel, [image], from the gradient by its outputs."""
    layer, inputs = part.layer, tf.cast(part.inputs, tf.float32)
    if isinstance(layer, layers.Dense):  # the kernel's gradient: outer product inputs x gradient
        return tf.reduce_sum(inputs**2, axis=-1) * tf.reduce_sum(gradient**2, axis=-1)
    size, stride = layer.kernel_size[0], layer.strides[0]
    # <transposed(inputs), gradient> = <inputs, convolution(gradient)> with the same kernel. Where
    # the image size stays the same, turning the kernel by 180 degrees swaps the two as well, so
    # that the one with fewer channels is shifted.
    is_turned = layer.padding == "same" and stride == 1 and gradient.shape[-1] < inputs.shape[-1]
    if isinstance(layer, layers.Conv2DTranspose) or is_turned:
        inputs, gradient = gradient, inputs
    gradient = _by_place(gradient)
    return tf.add_n(
        [
            tf.reduce_sum(tf.matmul(_by_place(tap), gradient, transpose_a=True) ** 2, axis=(1, 2))
            for tap in _taps(inputs, size, stride, layer.padding)
        ]
    )


def _bias_norms(gradient: tf.Tensor) -> tf.Tensor:
    """Squared gradient norm of a layer's bias, [image], from the gradient by its outputs."""
    places = list(range(1, gradient.shape.rank - 1))
    return tf.reduce_sum(tf.reduce_sum(gradient, axis=places) ** 2, axis=-1)


def _taps(images: tf.Tensor, size: int, stride: int, padding: str) -> list[tf.Tensor]:
    """Inputs of each of a kernel's size**2 taps: [image, row, column, channel]."""
    sides = images.shape[1:3]
    if padding == "same":
        wanted = [max((-(-side // stride) - 1) * stride + size - side, 0) for side in sides]
        around = [[pad // 2, pad - pad // 2] for pad in wanted]
        images = tf.pad(images, [[0, 0], *around, [0, 0]])
        sides = images.shape[1:3]
    height, width = (stride * ((side - size) // stride) + 1 for side in sides)
    return [
        images[:, row : row + height : stride, column : column + width : stride]
        for row in range(size)
        for column in range(size)
    ]


def _by_place(images: tf.Tensor) -> tf.Tensor:
    """Reshapes [image, row, column, channel] to [image, position, channel]."""
    return tf.reshape(images, [images.shape[0], -1, images.shape[-1]])


def _flow_norms(prior: FlowPrior, z: tf.Tensor) -> list[tf.Tensor]:
    """Squared gradient norms of log p(z) by each of the flows' variables: [image] each."""
    traced = [TracedNetwork(network) for network in prior.networks]
    with tf.GradientTape() as tape:
        tape.watch(z)
        log_prob = prior.distribution(traced).log_prob(z)
    made = [[[outputs for _, outputs in maps] for maps in one.calls] for one in traced]
    norms = []
    for one, gradients in zip(traced, tape.gradient(log_prob, made), strict=True):
        layers_of_one = zip(one.network.masks, one.calls[0], *gradients, strict=True)
        for mask, (inputs, _), *of_calls in layers_of_one:
            squared = tf.add_n(of_calls) ** 2
            kernel = tf.reduce_sum(tf.matmul(inputs**2, mask) * squared, axis=-1)
            norms += [kernel, tf.reduce_sum(squared, axis=-1)]
    return norms


def _mixture_norms(prior: MixturePrior, z: tf.Tensor) -> list[tf.Tensor]:
    """Squared gradient norms of log p(z) by each of the mixture's variables: [image] each."""
    variables = prior.trainable_variables
    if not variables:
        return []
    weights = [tf.convert_to_tensor(variable) for variable in variables]

    def of_one(code: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(weights)
            with with_weights(prior, weights):
                log_prob = prior.distribution().log_prob(code[tf.newaxis])
        return [tf.reduce_sum(gradient**2) for gradient in tape.gradient(log_prob, weights)]

    return tf.map_fn(of_one, z, fn_output_signature=[z.dtype] * len(weights))
