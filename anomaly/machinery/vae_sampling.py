"""Reconstructions by a VAE, several draws for each row, repeatable if a seed is given."""

from collections.abc import Hashable, Iterator
from functools import partial
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from anomaly.machinery.compilation import profits_from_xla
from anomaly.machinery.detector_chunks import CompiledRows, chunk_rows, fresh_seed, row_noise
from anomaly.machinery.detector_networks import VariationalAutoEncoder


def sampled_reconstructions(
    vae: tf.keras.Model, x: tf.Tensor, samples: int, noise: tf.Tensor | None = None
) -> tf.Tensor:
    """`samples` reconstructions of each row, one after the other: [row * sample, ...].

    Args:
        vae: Ours; or another one, that makes its own draws.
        x: Rows [row, ...].
        samples: For each row.
        noise: Standard normal [row, sample, latent], for a VAE of ours.
    """
    x = tf.cast(x, vae.compute_dtype)
    if noise is not None:
        return vae.reconstruct(x, noise)
    return vae(tf.repeat(x, samples, axis=0), training=False)


class Sampling(NamedTuple):
    """What reconstructs, how often for each row, and the seed of the draws.

    Attributes:
        vae: Keras model from rows to reconstructions.
        samples: For each row.
        seed: None: other draws each time, from TensorFlow's global source.
    """

    vae: tf.keras.Model
    samples: int
    seed: int | None


def sampled_chunks(
    compiled: CompiledRows,
    X: np.ndarray,
    sampling: Sampling,
    *,
    batch_size: float,
    state: tuple[Hashable, ...],
) -> Iterator[tuple[np.ndarray, ...]]:
    """The values of a function that uses `sampled_reconstructions`, for each chunk of X in turn.

    With a seed they do not depend on the batch size: a VAE of ours has noise by row, and another
    one, whose draws depend on the chunk, gets chunks of one size.

    Args:
        compiled: The function; without noise if the VAE is not ours.
        X: [row, ...].
        sampling: What it samples by.
        batch_size: Largest number of rows in a chunk.
        state: As of CompiledRows, without that of `sampling`.
    """
    vae, samples, seed = sampling
    ours = isinstance(vae, VariationalAutoEncoder)
    rows = chunk_rows(X.shape[1:], samples)
    if not ours and seed is not None:
        return compiled.repeatable_chunks(X, rows=rows, seed=seed)
    noise = None
    if ours:
        seed = fresh_seed() if seed is None else seed
        noise = partial(row_noise, seed, shape=(samples, vae.latent_dim))
    return compiled.chunks(
        X,
        rows=rows,
        batch_size=batch_size,
        state=(vae, samples, *state),
        xla=profits_from_xla(vae),
        noise=noise,
    )
