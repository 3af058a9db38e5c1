"""The nearest rows are those of sorted distances."""

import numpy as np

from tools.scores.nearest import nearest


def test_the_nearest_come_first_with_their_distances():
    known = np.array([[0.0, 0.0], [3.0, 4.0], [1.0, 0.0]])
    found = nearest(np.zeros((1, 2)), known, 3)
    np.testing.assert_allclose(found.distances, [[0, 1, 5]], atol=1e-12)
    np.testing.assert_array_equal(found.numbers, [[0, 2, 1]])
