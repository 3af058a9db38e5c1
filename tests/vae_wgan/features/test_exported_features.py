"""A run on pretrained features is exported with its network, and gives the run's scores.

The run is made in this process, and sets options of TensorFlow that other tests do not want; so do
other tests of this folder.
"""

import numpy as np
import pytest
import tensorflow as tf

from anomaly.exporting.exported_score import ExportedScore
from anomaly.exporting.graph_features import GraphFeatures
from anomaly.exporting.saved_score import export_run, score_sizes
from small_network import write_small_network
from tiny_features_run import features_run
from tiny_run import bars, write_data
from vae_wgan.run.scorer import open_scorer

IMAGES = bars(5, seed=7)[..., np.newaxis]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("features")
    write_data(folder)
    write_small_network(folder / "small.keras")
    return features_run(folder)


def test_pictures_have_the_scores_p_values_and_flags_of_the_run(finished, tmp_path):
    assert export_run(finished, tmp_path / "model", target_fpr=0.4) < 1e-4
    scorer = open_scorer(finished, target_fpr=0.4)
    assert scorer.name == "combined_features"
    expected = scorer.scored_images(IMAGES / np.float32(255))
    signature = tf.saved_model.load(str(tmp_path / "model")).signatures["serving_default"]
    found = signature(images=tf.constant(IMAGES))
    difference = np.abs(found["score"].numpy() - expected["score"])
    assert (difference <= 1e-4 * score_sizes(scorer, expected["score"])).all()
    np.testing.assert_array_equal(found["flagged"], expected["flagged"].astype(bool))


def test_each_quantity_is_that_of_the_member(finished):
    scorer = open_scorer(finished)
    module = ExportedScore(scorer)
    assert isinstance(module._members, GraphFeatures)
    images = IMAGES / np.float32(255)
    found = module._members.quantities(tf.constant(images))
    members = scorer.ensemble.members(images.shape[1:])
    for number, member in enumerate(members):
        expected = member.score(images, np.arange(len(images)), seed=0)
        assert expected.keys() == found.keys()
        for name, values in expected.items():
            np.testing.assert_allclose(found[name][number], values, rtol=2e-4, atol=2e-4)
