"""Held-out rows of an ensemble that a detector has fitted: what is left of them, and refused."""

import numpy as np
import pytest

from anomaly.machinery.held_out_rows import held_out_statistics, score_held_out
from input_errors import message_of
from tools.data.example_set import ExampleSet
from tools.run.checkpoints import save_checkpoint
from tools.run.run_folder import CALIBRATION, RunFolder
from tools.scores.input_statistics import input_statistics
from vae_wgan.ensemble.members import trained_members
from vae_wgan.settings.vae_settings import VAESettings

SETTINGS = VAESettings(num_models=2, max_steps=3, model_dir="unused")
IMAGES = np.random.default_rng(0).random((5, 28, 28, 1), np.float32)


class MadeUpMember:
    """Says of an image its first pixel, times its one weight."""

    def load_state(self, arrays):
        self.weight = arrays["weight"]

    def score(self, images, ids, seed):
        return {"laplace": self.weight * images[:, 0, 0, 0], "iwae": images[:, 1, 1, 0]}


@pytest.fixture
def folder(tmp_path):
    run = RunFolder(tmp_path)
    for member in range(2):
        save_checkpoint(run.member(member), 3, {"weight": np.float32(member + 1)})
    held_out = ExampleSet(CALIBRATION, IMAGES, np.arange(5), "")
    score_held_out(MadeUpMember(), held_out, SETTINGS, run, "likelihood_residual")
    return run


def checkpoints(folder):
    return trained_members(folder, num_models=2, max_steps=3)


def test_members_and_input_are_read_back(folder):
    found = held_out_statistics(folder, checkpoints(folder), SETTINGS, "likelihood_residual")
    expected = {
        name: values[None] for name, values in input_statistics(IMAGES, "bernoulli").items()
    }
    expected["laplace"] = np.array([[1], [2]]) * IMAGES[:, 0, 0, 0]
    assert [*found] == sorted(expected)  # in one order: a saved detector has the same bytes
    for name, values in found.items():
        assert values.dtype == np.float64
        np.testing.assert_allclose(values, expected[name], rtol=1e-6)
    (alone,) = held_out_statistics(folder, checkpoints(folder), SETTINGS, "typicality")
    assert alone == "iwae"


def test_what_is_missing_or_of_other_members_is_named(folder):
    message = message_of(held_out_statistics, folder, checkpoints(folder), SETTINGS, "dose")
    assert "score='dose' needs distortion, elbo, log_weight_variance" in message
    save_checkpoint(folder.member(1), 3, {"weight": np.float32(9)})
    message = message_of(held_out_statistics, folder, checkpoints(folder), SETTINGS, "typicality")
    assert "was made with other members" in message
