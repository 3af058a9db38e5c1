"""Losses and distances of detectors, as functions of tensors.

KL(p || q) = sum(p * log(p / q)) and the cross-entropy -sum(p * log(q)) are Keras' own, which clip
probabilities to [1e-7, 1].
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf

from anomaly.machinery.detector_input import checked_number
from tools.errors import ArgumentError

kl_divergence = tf.keras.losses.kld
DISTANCES = {
    "kld": kl_divergence,
    "xent": tf.keras.losses.categorical_crossentropy,
}


def elbo(
    y_true: tf.Tensor,
    y_pred: tf.Tensor,
    cov_full: Any = None,
    cov_diag: Any = None,
    sim: float | None = None,
) -> tf.Tensor:
    """Minus the mean log likelihood of y_true under normals around y_pred: nats, a scalar.

    This is the reconstruction term of the negative ELBO; the VAE adds the KL term. At most one of
    the three options gives the covariance S; without any, S = I.

    Args:
        y_true: Data [row, ...].
        y_pred: Reconstructions of the same shape.
        cov_full: S itself, [feature, feature].
        cov_diag: Standard deviations [feature]: S = diag(cov_diag**2).
        sim: One standard deviation for all features: S = sim**2 * I.

    Raises:
        ArgumentError: More than one option, or a standard deviation that is not above zero.
    """
    given = {"cov_full": cov_full, "cov_diag": cov_diag, "sim": sim}
    given = {name: value for name, value in given.items() if value is not None}
    if len(given) > 1:
        raise ArgumentError(f"elbo takes one of {', '.join(given)}")
    return normal_loss(y_true, y_pred, _precision_root(y_pred.dtype, **given))


def normal_loss(y_true: tf.Tensor, y_pred: tf.Tensor, precision_root: tf.Tensor) -> tf.Tensor:
    """-log N(y_true; mean = y_pred, covariance = S), summed over features, mean over rows.

    Args:
        y_true: Data [row, ...].
        y_pred: Means of the same shape.
        precision_root: R with R' R = S**-1: a lower triangle [feature, feature], the diagonal
            [feature] of one, or a scalar.
    """
    # Not by tfd.MultivariateNormalTriL: its triangular solve takes 0.66 s of CPU time for 64 rows
    # of 3,072 features, the product with R 0.04 s.
    residual = _flat(tf.cast(y_true, y_pred.dtype) - y_pred)  # [row, feature]
    root = tf.cast(precision_root, y_pred.dtype)
    if root.shape.rank == 2:
        whitened = tf.matmul(residual, root, transpose_b=True)
        diagonal = tf.linalg.diag_part(root)
    else:
        whitened = residual * root
        diagonal = root * tf.ones_like(residual[0])
    normalizer = tf.reduce_sum(0.5 * math.log(2 * math.pi) - tf.math.log(diagonal))
    return 0.5 * tf.reduce_mean(tf.reduce_sum(whitened**2, axis=-1)) + normalizer


def _precision_root(
    dtype: tf.DType, cov_full: Any = None, cov_diag: Any = None, sim: float | None = None
) -> tf.Tensor:
    if cov_full is not None:
        scale = tf.linalg.cholesky(tf.cast(cov_full, dtype))
        return tf.linalg.triangular_solve(scale, tf.eye(tf.shape(scale)[0], dtype=dtype))
    if cov_diag is not None:
        if not tf.is_tensor(cov_diag) and not np.all(np.asarray(cov_diag) > 0):
            raise ArgumentError("cov_diag: standard deviations must be above 0")
        return 1 / tf.reshape(tf.cast(cov_diag, dtype), [-1])
    if sim is not None and not tf.is_tensor(sim):
        sim = checked_number("sim", sim, above=0)
    return tf.cast(1.0 if sim is None else 1 / sim, dtype)


def checked_cov_elbo(cov_elbo: Any) -> Mapping[str, Any]:
    """Returns the argument; raises ArgumentError unless it is a dict with one known key."""
    options = ("sim", "cov_diag", "cov_full")
    if not isinstance(cov_elbo, Mapping) or len(cov_elbo) != 1 or not {*cov_elbo} <= {*options}:
        raise ArgumentError(f"cov_elbo={cov_elbo!r}: must be a dict with one of {options}")
    return cov_elbo


def fitted_elbo(
    cov_elbo: Mapping[str, Any], batches: Iterable[np.ndarray]
) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """`elbo` with the covariance that `cov_elbo` chooses, factorized once.

    Args:
        cov_elbo: {"sim": standard deviation}; or {"cov_diag": None} or {"cov_full": None}, which
            take standard deviations or covariance from the data.
        batches: Arrays of data [row, ...]; read for cov_diag and cov_full.

    Raises:
        ArgumentError: The key is unknown, there are several, or the data are constant.
    """
    ((name, value),) = checked_cov_elbo(cov_elbo).items()
    if name != "sim":
        value = _covariance(batches, full=name == "cov_full")
        value = np.sqrt(value) if name == "cov_diag" else value
    root = _precision_root(tf.float64, **{name: value})
    return partial(normal_loss, precision_root=root)


def _covariance(batches: Iterable[np.ndarray], *, full: bool) -> np.ndarray:
    """Variances [feature] or covariance [feature, feature] of all rows, with divisor n.

    A millionth of the mean variance is added to each variance, so that constant or collinear
    features leave it invertible.
    """
    center: np.ndarray | None = None
    count, total, products = 0, np.zeros(()), np.zeros(())
    for batch in batches:
        rows = batch.reshape(len(batch), -1).astype(np.float64)
        center = rows.mean(axis=0) if center is None else center  # near the mean: no cancellation
        rows -= center
        count += len(rows)
        total = total + rows.sum(axis=0)
        products = products + (rows.T @ rows if full else (rows**2).sum(axis=0))
    mean = total / count
    covariance = products / count - (np.outer(mean, mean) if full else mean**2)
    jitter = 1e-6 * float(np.mean(np.diag(covariance) if full else covariance))
    if not jitter > 0:
        raise ArgumentError("cov_elbo: all features of X are constant; give a standard deviation")
    return covariance + jitter * (np.eye(len(mean)) if full else 1)


def with_temperature(probabilities: tf.Tensor, temperature: float) -> tf.Tensor:
    """p**(1/T) / sum(p**(1/T)) along the last axis; T < 1 sharpens."""
    if temperature == 1:
        return probabilities
    largest = tf.reduce_max(probabilities, axis=-1, keepdims=True)  # or all powers may be 0
    powers = (probabilities / largest) ** (1 / temperature)
    return powers / tf.reduce_sum(powers, axis=-1, keepdims=True)


def hidden_divergence(
    hidden: Sequence[tf.Tensor], hidden_recon: Sequence[tf.Tensor], weights: Sequence[float]
) -> tf.Tensor | float:
    """sum_i w[i] * KL(h_i(x) || h_i(x')) of each row; 0 without hidden layers."""
    terms = zip(weights, hidden, hidden_recon, strict=True)
    return sum(weight * kl_divergence(h, h_recon) for weight, h, h_recon in terms)


def balanced_squared_error(x: tf.Tensor, x_recon: tf.Tensor, kl: tf.Tensor) -> tf.Tensor:
    """Squared error on the scale of the KL: c * mean((x - x')**2), c = std(kl) / std((x - x')**2).

    c is a constant to the gradient: the deviation of a batch of one row has none.

    Args:
        x: Data [row, ...].
        x_recon: Reconstructions of the same shape.
        kl: Divergence [row] of the predictions.
    """
    squared_error = (x - x_recon) ** 2
    scale = tf.math.reduce_std(kl) / (tf.math.reduce_std(squared_error) + 1e-10)
    return tf.stop_gradient(scale) * tf.reduce_mean(squared_error)


def _flat(values: tf.Tensor) -> tf.Tensor:
    return tf.reshape(values, [tf.shape(values)[0], -1])
