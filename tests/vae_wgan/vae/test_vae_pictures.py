"""What a VAE member shows: samples of its prior, and the score that attacks follow."""

import numpy as np
import pytest
import tensorflow as tf

from tiny_vae_member import IDS, IMAGES, make_member


@pytest.fixture(scope="module")
def member():
    """One for all tests: none changes it, and its passes are traced once."""
    return make_member()


def test_samples_are_images_of_the_prior_and_depend_on_the_seed(member):
    samples = member.samples(5, seed=0)
    assert samples.shape == (5, 28, 28, 1)
    assert 0 <= samples.min() <= samples.max() <= 1
    np.testing.assert_array_equal(member.samples(5, seed=0), samples)
    assert not np.allclose(member.samples(5, seed=1), samples)


def test_codes_are_what_reconstructions_are_made_of_and_do_not_depend_on_the_batch(member):
    codes = member.codes(IMAGES)
    one_by_one = np.concatenate([member.codes(image[np.newaxis]) for image in IMAGES])
    np.testing.assert_allclose(codes, one_by_one, atol=1e-5)
    norms = member.score(IMAGES, IDS, seed=0)["posterior_mean_norm"]
    assert codes.shape[0] == len(norms)
    np.testing.assert_allclose(np.linalg.norm(codes, axis=1), norms, rtol=1e-4)


def test_the_likelihoods_pass_alone_has_the_values_that_it_has_among_others(member):
    whole, alone = (score(IMAGES, IDS, seed=3) for score in (member.score, member.score_likelihood))
    assert "iwae" in alone
    assert alone.keys() < whole.keys()
    for key, values in alone.items():
        np.testing.assert_array_equal(values, whole[key])


def test_normality_is_the_laplace_score_and_has_a_gradient(member):
    expected = member.score(IMAGES, IDS, seed=0)["laplace"]
    images = tf.constant(IMAGES)
    with tf.GradientTape() as tape:
        tape.watch(images)
        normality = member.normality(images)
    np.testing.assert_allclose(normality, expected, rtol=1e-4, atol=1e-3)
    assert np.abs(tape.gradient(normality, images)).max() > 0
