"""TensorFlow twins of the formulas that the exported scores are computed by.

Each takes the fitted constants from the NumPy original, which its tests compare it with. They
compute in float64, as the originals do.
"""

from collections.abc import Callable, Mapping

import numpy as np
import tensorflow as tf

from tools.scores.ensemble_statistics import SCORE_KEYS
from tools.scores.input_statistics import continuous_bernoulli_maxima

Quantities = Mapping[str, tf.Tensor]  # float64 [member or 1, example] by name


def input_properties(images: tf.Tensor, likelihood: str) -> dict[str, tf.Tensor]:
    """As `tools.scores.input_statistics.input_statistics`, float64 [image] by name."""
    values, axes = tf.cast(images, tf.float64), (1, 2, 3)
    pixels = tf.cast(tf.round(255 * images), tf.uint8)
    # float32 differences, summed in float64, as the original has them.
    vertical = tf.abs(images[:, 1:] - images[:, :-1])
    horizontal = tf.abs(images[:, :, 1:] - images[:, :, :-1])
    return {
        "complexity": tf.map_fn(_png_bits, pixels, fn_output_signature=tf.float64),
        "brightness": tf.reduce_sum(values, axes),
        "variation": tf.reduce_sum(tf.cast(vertical, tf.float64), axes)
        + tf.reduce_sum(tf.cast(horizontal, tf.float64), axes),
        "highest_log_likelihood": tf.reduce_sum(_highest(values, likelihood), axes),
    }


def _png_bits(pixels: tf.Tensor) -> tf.Tensor:
    file = tf.io.encode_png(pixels, compression=9)
    return 8 * tf.cast(tf.strings.length(file), tf.float64)


def _highest(values: tf.Tensor, likelihood: str) -> tf.Tensor:
    """Largest log likelihood of each value that any decoder reaches."""
    if likelihood == "bernoulli":
        t = tf.clip_by_value(values, 1e-3, 1 - 1e-3)
        return t * tf.math.log(t) + (1 - t) * tf.math.log1p(-t)
    if likelihood == "continuous_bernoulli":
        known, highest = continuous_bernoulli_maxima()
        place = values * (len(known) - 1)
        left = tf.clip_by_value(tf.floor(place), 0, len(known) - 2)
        table, index = tf.constant(highest), tf.cast(left, tf.int32)
        below, above = tf.gather(table, index), tf.gather(table, index + 1)
        return below + (place - left) * (above - below)
    return tf.zeros_like(values)


def power_of_yeo_johnson(values: tf.Tensor, powers: np.ndarray) -> tf.Tensor:
    """As `tools.scores.calibrated.yeo_johnson`, [example, statistic]."""
    log_size = tf.math.log1p(tf.abs(values))
    return tf.where(values >= 0, _power(log_size, powers), -_power(log_size, 2 - powers))


def _power(log_size: tf.Tensor, powers: np.ndarray) -> tf.Tensor:
    """(exp(power * log size) - 1) / power, and its limit where a power is 0."""
    is_zero = np.abs(powers) < 1e-12
    safe = np.where(is_zero, 1.0, powers)
    return tf.where(is_zero, log_size, tf.math.expm1(safe * log_size) / safe)


def statistic_of_members(score_key: str, statistic: str, ddof: int) -> Callable[..., tf.Tensor]:
    """Function from a quantity [member, example] to the score; see `anomaly_scores`.

    Args:
        score_key: Name of the members' score.
        statistic: "waic", "mean" or "variance".
        ddof: Divisor of the variance over M members is M - ddof.
    """
    sign = 1.0 if SCORE_KEYS[score_key].high_is_normal else -1.0

    def score(values: tf.Tensor) -> tf.Tensor:
        mean, count = tf.reduce_mean(values, axis=0), values.shape[0]
        squares = tf.reduce_sum((values - mean) ** 2, axis=0)
        variance = squares / (count - ddof)
        return {"mean": -sign * mean, "variance": variance, "waic": variance - sign * mean}[
            statistic
        ]

    return score


def p_values(scores: tf.Tensor, calibration: np.ndarray) -> tf.Tensor:
    """As `tools.scores.conformal.p_values`: [example].

    Args:
        scores: float64 [example].
        calibration: Scores of calibration rows, ascending.
    """
    below = tf.searchsorted(tf.constant(calibration), scores, side="left")
    count = len(calibration)
    return tf.cast(1 + count - below, tf.float64) / (1 + count)
