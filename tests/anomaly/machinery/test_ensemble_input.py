"""Paths stand for images and tables; a score's name is a key, a statistic, or both."""

import numpy as np
import pandas as pd

from anomaly.machinery.ensemble_input import given, images_from, key_and_statistic, table_from
from tiny_run import bars


def test_what_is_not_given_is_left_out():
    assert given(a=None, b=0, c="") == {"b": 0, "c": ""}


def test_paths_are_read_and_arrays_are_taken_as_they_are(tmp_path):
    images = bars(3)
    np.save(tmp_path / "images.npy", images)
    assert images_from(images) is images
    read = images_from(tmp_path / "images.npy").examples
    np.testing.assert_allclose(read[..., 0] * 255, images)
    frame = pd.DataFrame({"a": [1.5, 2], "b": [3.0, 4]})
    frame.to_csv(tmp_path / "table.csv", index=False)
    assert table_from(frame) is frame
    np.testing.assert_allclose(table_from(str(tmp_path / "table.csv")).astype(float), frame)


def test_names_of_scores():
    assert key_and_statistic("waic") == (None, "waic")
    assert key_and_statistic("rate") == ("rate", "mean")
    assert key_and_statistic("iwae.variance") == ("iwae", "variance")
    assert key_and_statistic("combined") == ("combined", "ensemble")
