"""Quantities of several members lie in one float64 tensor a name, a line per member."""

import numpy as np
import tensorflow as tf

from anomaly.exporting.graph_networks import stacked


def test_quantities_of_members_are_stacked_by_name():
    by_member = [{"rate": tf.constant([0.5, value])} for value in (1.0, 2.0)]
    (found,) = stacked(by_member).values()
    assert found.dtype == tf.float64
    np.testing.assert_array_equal(found, [[0.5, 1.0], [0.5, 2.0]])
