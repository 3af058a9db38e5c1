"""Simple detectors are read back as what they were, and their quantities have their names."""

import numpy as np

from tools.scores.pictures.picture_ensemble import PARTS, PictureEnsemble
from tools.scores.score_registry import met_by
from tools.scores.simple.feature_spaces import plain_columns
from tools.scores.simple.simple_ensemble import SimpleEnsemble
from tools.scores.simple_detectors import simple_detectors, simple_quantities

RANDOM = np.random.default_rng(0)


def test_pictures():
    images = RANDOM.random((12, 8, 8, 1)).astype(np.float32)
    ensemble = PictureEnsemble.fit(images, seed=0)
    again = simple_detectors(ensemble.state)
    assert isinstance(again, PictureEnsemble)
    found = simple_quantities(again, images[:3])
    assert met_by("simple.", found) == {f"simple.{part}" for part in PARTS}
    np.testing.assert_array_equal(found["simple.local"][0], ensemble.scores(images[:3])["local"])


def test_rows_of_a_table():
    rows = RANDOM.normal(size=(40, 3)).astype(np.float32)
    ensemble = SimpleEnsemble.fit(rows, plain_columns(3), seed=0)
    again = simple_detectors(ensemble.state)
    assert isinstance(again, SimpleEnsemble)
    found = simple_quantities(again, rows[:3])
    np.testing.assert_array_equal(found["simple"], [ensemble.scores(rows[:3])])
