"""Speed of the machine in float32 matrix products, and operation counts of a VAE."""

import time

import numpy as np
import tensorflow as tf
from threadpoolctl import threadpool_limits

from vae_wgan.vae.priors import FlowPrior
from vae_wgan.vae.vae import VAE

layers = tf.keras.layers
SIDE, PRODUCTS = 2048, 5  # side of the matrices, products in a row
BACKWARD_TOO = 3  # products: forward, gradient by the inputs, gradient by the weights


def peak_operations_per_second(threads: int) -> float:
    """Float32 operations per second in large matrix products, with so many threads.

    NumPy's library is made for that; TensorFlow's own is slower.
    """
    matrix = np.random.default_rng(0).random((SIDE, SIDE), np.float32)
    started = time.perf_counter()
    with threadpool_limits(threads):
        for _ in range(PRODUCTS):
            matrix @ matrix
    return PRODUCTS * 2 * SIDE**3 / (time.perf_counter() - started)


def scoring_operations(vae: VAE, samples: int) -> int:
    """Operations of the matrix products behind the importance weights of one image."""
    of_code = _products(vae.decoder) + _prior_products(vae)
    return 2 * (_products(vae.encoder) + samples * of_code)


def training_operations(vae: VAE, samples: int) -> int:
    """Operations of the matrix products in a training step, per image."""
    return BACKWARD_TOO * scoring_operations(vae, samples)


def _products(network: tf.keras.Sequential) -> int:
    """Multiplications by the weights of a network for one input."""
    return sum(_uses(layer) * layer.kernel.shape.num_elements() for layer in _linear(network))


def _linear(network: tf.keras.Sequential) -> list[layers.Layer]:
    return [layer for layer in network.layers if hasattr(layer, "kernel")]


def _uses(layer: layers.Layer) -> int:
    """Number of places where a kernel is applied, counting places beyond an edge."""
    if isinstance(layer, layers.Dense):
        return 1
    is_transposed = isinstance(layer, layers.Conv2DTranspose)
    _, height, width, _ = (layer.input if is_transposed else layer.output).shape
    return height * width


def _prior_products(vae: VAE) -> int:
    """Multiplications of the prior; the zeros of masked kernels are multiplied too."""
    prior = vae.prior_network
    if not isinstance(prior, FlowPrior):
        return 0
    kernels = (kernel for network in prior.networks for kernel in network.kernels)
    return sum(kernel.shape.num_elements() for kernel in kernels)
