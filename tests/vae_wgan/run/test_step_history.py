"""Checkpoints on the way are scored where all members have them, once."""

from typing import NamedTuple

import numpy as np
import pytest

from fake_model import FakeModel, made_up_set
from tools.run.checkpoints import save_checkpoint
from tools.run.run_folder import RunFolder
from tools.scores.score_files import read_scores
from vae_wgan.run.step_history import common_checkpoints, score_history

SETS = [made_up_set("digits", 450), made_up_set("noise", 20)]


class Settings(NamedTuple):
    seed: int = 0
    scoring_samples: int = 4
    compile: bool = False
    num_models: int = 2
    viz_steps: int = 10
    total_steps: int = 30


class Model(FakeModel):
    """Has a pass that is enough."""

    def score(self, images, ids, seed):
        raise AssertionError("all passes were made")

    def score_likelihood(self, images, ids, seed):
        return super().score(images, ids, seed)


@pytest.fixture
def folder(tmp_path):
    """Two members; one has lost step 20."""
    folder = RunFolder(tmp_path)
    for member, steps in enumerate([(10, 20, 30), (10, 30)]):
        for step in steps:
            model = FakeModel()
            model.initialize(step + member)
            save_checkpoint(folder.member(member), step, model.state(), keep=None)
    return folder


def test_steps_are_those_that_all_members_have(folder):
    found = common_checkpoints(folder, 2)
    assert list(found) == [10, 30]
    assert found[10] == [folder.member(m) / "checkpoint-00000010.npz" for m in (0, 1)]
    assert list(common_checkpoints(folder, 1)) == [10, 20, 30]


def test_steps_at_which_a_signal_ended_a_start_are_left_out(tmp_path):
    folder, model = RunFolder(tmp_path), FakeModel()
    model.initialize(0)
    for member in (0, 1):
        for step in (10, 17, 25):
            save_checkpoint(folder.member(member), step, model.state(), keep=None)
    assert score_history(Model(), SETS, Settings(total_steps=25), folder) == [10, 25]


def test_each_step_is_scored_once_by_the_cheapest_pass_on_rows_of_the_whole_set(folder):
    assert score_history(Model(), SETS, Settings(), folder) == [10, 30]
    paths = [folder.history(step).scores(part.name) for step in (10, 30) for part in SETS]
    digits, noise, *_ = map(read_scores, paths)
    np.testing.assert_array_equal(digits.ids, np.arange(200) * 450 // 200)
    assert noise.scores["iwae"].shape == (2, 20)
    times = [path.stat().st_mtime_ns for path in paths]
    score_history(Model(), SETS, Settings(), folder)
    assert [path.stat().st_mtime_ns for path in paths] == times


def test_a_damaged_checkpoint_costs_its_step_only(folder, caplog):
    (folder.member(0) / "checkpoint-00000010.npz").write_bytes(b"damaged")
    assert score_history(FakeModel(), SETS, Settings(), folder) == [30]
    assert "step 10 is left out" in caplog.text
