"""Near copies are found and share a fold."""

import numpy as np
from scipy.ndimage import gaussian_filter

from tools.scores.pictures.near_copies import fingerprints, folds_of, near_copies


def textures(count, seed):
    noise = np.random.default_rng(seed).random((count, 16, 16, 1))
    return gaussian_filter(noise, (0, 1, 1, 0)).astype(np.float32)


def test_another_exposure_is_a_near_copy_and_another_texture_is_none():
    images = textures(30, 0)
    both = np.concatenate([images, 0.6 * images + 0.1])
    groups = near_copies(both)
    np.testing.assert_array_equal(groups[:30], groups[30:])
    assert len(np.unique(groups)) == 30
    np.testing.assert_allclose(np.linalg.norm(fingerprints(images), axis=1), 1, rtol=1e-4)


def test_pictures_that_are_all_alike_are_not_copies():
    common = textures(1, 0) + 0.05 * textures(40, 1)
    np.testing.assert_array_equal(near_copies(common), np.arange(40))


def test_groups_stay_together_in_folds_of_about_one_size():
    groups = np.random.default_rng(0).integers(0, 30, 200)
    folds = folds_of(groups, 5, seed=0)
    for group in range(30):
        assert len(np.unique(folds[groups == group])) == 1
    assert np.bincount(folds, minlength=5).min() > 30
    np.testing.assert_array_equal(folds, folds_of(groups, 5, seed=0))
    assert (folds != folds_of(groups, 5, seed=1)).any()
