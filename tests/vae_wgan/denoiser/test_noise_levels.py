import numpy as np
import tensorflow as tf

from vae_wgan.denoiser.noise_levels import (
    LARGEST,
    LOG_DEVIATION,
    LOG_MEAN,
    SMALLEST,
    sampling_levels,
    training_levels,
)


def test_levels_of_training_are_log_normal():
    logs = np.log(training_levels(4000, tf.constant([0, 1])))
    assert abs(logs.mean() - LOG_MEAN) < 0.1
    assert abs(logs.std() - LOG_DEVIATION) < 0.1


def test_levels_of_sampling_fall_from_the_largest_to_zero():
    levels = sampling_levels(5)
    np.testing.assert_allclose(levels[[0, -2, -1]], [LARGEST, SMALLEST, 0], rtol=1e-5)
    assert (np.diff(levels) < 0).all()
