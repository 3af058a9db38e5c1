"""What a VAE member shows: samples of its prior, and the score that attacks follow."""

import numpy as np
import tensorflow as tf

from test_vae_member import IDS, IMAGES, make_member


def test_samples_are_images_of_the_prior_and_depend_on_the_seed():
    member = make_member()
    samples = member.sample(5, seed=0)
    assert samples.shape == (5, 28, 28, 1)
    assert 0 <= samples.min() <= samples.max() <= 1
    np.testing.assert_array_equal(member.sample(5, seed=0), samples)
    assert not np.allclose(member.sample(5, seed=1), samples)


def test_normality_is_the_laplace_score_and_has_a_gradient():
    member = make_member()
    expected = member.score(IMAGES, IDS, seed=0)["laplace"]
    images = tf.constant(IMAGES)
    with tf.GradientTape() as tape:
        tape.watch(images)
        normality = member.normality(images)
    np.testing.assert_allclose(normality, expected, rtol=1e-4, atol=1e-3)
    assert np.abs(tape.gradient(normality, images)).max() > 0
