"""The machine's speed at float32 matrix products, and how many operations a VAE's work takes."""

import time

import numpy as np
import tensorflow as tf
from threadpoolctl import threadpool_limits

from vae_wgan.vae.priors import FlowPrior
from vae_wgan.vae.vae import VAE

layers = tf.keras.layers
SIDE, PRODUCTS = 2048, 5  # of the matrices
BACKWARD_TOO = 3  # a product, its gradient by the inputs, and that by the weights


def peak_operations_per_second(threads: int) -> float:
    """Additions and multiplications per second of large matrix products in float32, by threads.

    NumPy's library is made for that; TensorFlow's own is slower.
    """
    matrix = np.random.default_rng(0).random((SIDE, SIDE), np.float32)
    started = time.perf_counter()
    with threadpool_limits(threads):
        for _ in range(PRODUCTS):
            matrix @ matrix
    return PRODUCTS * 2 * SIDE**3 / (time.perf_counter() - started)


def scoring_operations(vae: VAE, samples: int) -> int:
    """Operations of products that give the importance weights of `samples` codes of one image."""
    of_code = _products(vae.decoder) + _prior_products(vae)
    return 2 * (_products(vae.encoder) + samples * of_code)


def training_operations(vae: VAE, samples: int) -> int:
    """Operations of the products of one image in a training step."""
    return BACKWARD_TOO * scoring_operations(vae, samples)


def _products(network: tf.keras.Sequential) -> int:
    """Multiplications that the weights of a network take part in, for one input."""
    return sum(_uses(layer) * layer.kernel.shape.num_elements() for layer in _linear(network))


def _linear(network: tf.keras.Sequential) -> list[layers.Layer]:
    return [layer for layer in network.layers if hasattr(layer, "kernel")]


def _uses(layer: layers.Layer) -> int:
    """Places at which a kernel is applied; those beyond an edge count, too."""
    if isinstance(layer, layers.Dense):
        return 1
    is_transposed = isinstance(layer, layers.Conv2DTranspose)
    _, height, width, _ = (layer.input if is_transposed else layer.output).shape
    return height * width


def _prior_products(vae: VAE) -> int:
    """The same of the prior; half of a masked kernel is zero, but multiplied all the same."""
    prior = vae.prior_network
    if not isinstance(prior, FlowPrior):
        return 0
    kernels = (kernel for network in prior.networks for kernel in network.kernels)
    return sum(kernel.shape.num_elements() for kernel in kernels)
