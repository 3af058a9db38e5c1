"""The distance to the nearest picture that a member keeps."""

import numpy as np
from sklearn.neighbors import NearestNeighbors

from vae_wgan.features.known_pictures import MOST_KEPT, KnownPictures

RNG = np.random.default_rng(0)


def test_the_distance_is_that_to_the_nearest_of_all():
    codes, new = RNG.normal(size=(40, 6)), RNG.normal(size=(9, 6)).astype(np.float32)
    known = KnownPictures.fit(codes, np.random.default_rng(1))
    assert known.codes.shape == KnownPictures.unfitted(6).codes.shape
    nearest = NearestNeighbors(n_neighbors=1).fit(codes).kneighbors(new)[0][:, 0]
    np.testing.assert_allclose(known.distances(new), nearest, rtol=1e-3)
    np.testing.assert_allclose(known.distances(codes[:3].astype(np.float32)), 0, atol=3e-3)


def test_of_many_pictures_drawn_ones_are_kept():
    codes = RNG.normal(size=(MOST_KEPT + 50, 2))
    known = KnownPictures.fit(codes, np.random.default_rng(1))
    assert len(np.unique(known.codes, axis=0)) == MOST_KEPT
