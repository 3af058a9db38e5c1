"""Members of an ensemble: independent of each other, aligned in their rows, named when missing."""

import numpy as np
import pytest

from fake_model import FakeModel, made_up_set
from input_errors import message_of
from tools.run.run_folder import RunFolder
from vae_wgan.ensemble.members import (
    member_seed,
    score_ensemble,
    train_ensemble,
    trained_members,
    untrained_members,
)
from vae_wgan.ensemble.training_loop import TrainingPlan

PLAN = TrainingPlan(seed=3, max_steps=6, save_every=4)
TRAINING = made_up_set("train", 10)
TEST = made_up_set("test", 9, first_id=100)


def train(folder, num_models, plan=PLAN):
    """Trains and returns (model, the members' checkpoint files)."""
    model = FakeModel()
    train_ensemble(model, TRAINING.examples, plan, folder=folder, num_models=num_models)
    return model, trained_members(folder, num_models=num_models, max_steps=plan.max_steps)


@pytest.fixture
def trained(tmp_path):
    """The run folder of three members and their checkpoints."""
    folder = RunFolder(tmp_path)
    return folder, train(folder, 3)[1]


def test_members_differ_and_none_depends_on_their_number(trained, tmp_path):
    three = [path.read_bytes() for path in trained[1]]
    assert len(set(three)) == 3
    _, one = train(RunFolder(tmp_path / "one"), 1)
    assert [path.read_bytes() for path in one] == three[:1]
    model, five = train(trained[0], 5)
    assert [path.read_bytes() for path in five][:3] == three
    assert model.steps == [*range(6), *range(6)]  # only the two new ones


def test_members_and_runs_have_seeds_of_their_own():
    seeds = {member_seed(root, member) for root in range(3) for member in range(100)}
    assert len(seeds) == 300


def test_scores_are_each_members_on_the_same_rows(trained):
    _, checkpoints = trained
    scores = score_ensemble(FakeModel(), checkpoints, TEST, seed=3)
    assert {key: values.shape for key, values in scores.items()} == {"iwae": (3, 9), "rate": (3, 9)}
    for member, checkpoint in enumerate(checkpoints):
        model = FakeModel()
        with np.load(checkpoint) as arrays:
            model.load_state(dict(arrays))
        # The noise is 0.01 times a sum of two normal numbers.
        expected = TEST.examples.sum(axis=(1, 2, 3)) + model.weights[0]
        np.testing.assert_allclose(scores["iwae"][member], expected, atol=0.1)


def test_a_members_scores_depend_on_seed_and_row_only(trained):
    _, checkpoints = trained
    scores = score_ensemble(FakeModel(), checkpoints, TEST, seed=3)
    one = score_ensemble(FakeModel(), checkpoints[:1], TEST, seed=3)
    np.testing.assert_array_equal(one["iwae"], scores["iwae"][:1])
    assert len({tuple(row) for row in scores["rate"]}) == 3  # each member draws its own noise
    other = score_ensemble(FakeModel(), checkpoints, TEST, seed=4)
    assert not np.any(other["rate"] == scores["rate"])


def test_untrained_members_are_those_that_training_begins_with(tmp_path):
    class Model(FakeModel):
        def initialize(self, seed):
            super().initialize(seed)
            started.append(self.weights.copy())

    started = []
    train_ensemble(Model(), TRAINING.examples, PLAN, folder=RunFolder(tmp_path), num_models=2)
    members = untrained_members(FakeModel(), num_models=2, seed=PLAN.seed)
    np.testing.assert_array_equal([member.weights.copy() for member in members], started)


def test_a_missing_member_is_named_with_its_folder(trained):
    folder, _ = trained
    message = message_of(trained_members, folder, num_models=4, max_steps=6)
    assert f"member 3 is not trained: {folder.member(3)} has no checkpoint" in message


def test_an_unfinished_member_is_named_with_what_it_has(trained):
    folder, checkpoints = trained
    checkpoints[1].unlink()  # the one of step 4 is left
    message = message_of(trained_members, folder, num_models=3, max_steps=6)
    assert f"{folder.member(1)} has only step 4 of 6 steps" in message
    assert train(folder, 3)[0].steps == [4, 5]


def test_a_damaged_last_checkpoint_counts_as_none(trained):
    folder, checkpoints = trained
    checkpoints[2].write_bytes(checkpoints[2].read_bytes()[:-40])
    message = message_of(trained_members, folder, num_models=3, max_steps=6)
    assert "member 2 is not trained" in message
