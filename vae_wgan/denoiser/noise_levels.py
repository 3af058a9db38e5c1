"""Noise levels of the denoisers: those of training, of scoring and of sampling.

A noise level is a standard deviation of the noise added to pixel values in [-1, 1], as in Karras et
al. 2022 (EDM), https://arxiv.org/abs/2206.00364.
"""

import numpy as np
import tensorflow as tf

DATA_SCALE = 0.5  # standard deviation of pixel values that the scalings of EDM assume
LOG_MEAN, LOG_DEVIATION = -1.2, 1.2  # of the levels in training, which are log-normal
SCORED_LEVELS = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
EIGENVALUE_LEVELS = (0.1, 0.2, 0.4)
SMALLEST, LARGEST, CURVATURE = 0.01, 20.0, 7.0  # of the levels in sampling


def training_levels(count: int, seed: tf.Tensor) -> tf.Tensor:
    """Noise levels of a training batch, [image]: log-normal draws."""
    return tf.exp(LOG_MEAN + LOG_DEVIATION * tf.random.stateless_normal([count], seed))


def sampling_levels(steps: int) -> np.ndarray:
    """Falling noise levels of a sampler, float32 [step + 1]; the last is 0. EDM, equation 5."""
    share = np.arange(steps) / max(steps - 1, 1)
    ends = LARGEST ** (1 / CURVATURE), SMALLEST ** (1 / CURVATURE)
    levels = (ends[0] + share * (ends[1] - ends[0])) ** CURVATURE
    return np.append(levels, 0).astype(np.float32)
