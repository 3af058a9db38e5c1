"""What a run says of itself; the whole story is told in test_vae_run.py."""

import numpy as np

from tools.data.example_set import ExampleSet
from vae_wgan.experiment import training_data


def test_training_data_are_known_by_their_content():
    sets = [ExampleSet("own", np.zeros((2, 3)), np.arange(2), c * 64) for c in "ab"]
    one, other = map(training_data, sets)
    assert one != other
    assert "own" in one["train_dataset"]
