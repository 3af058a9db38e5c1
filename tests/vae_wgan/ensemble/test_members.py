"""Members of an ensemble: independent of each other, aligned in their rows, named when missing."""

import numpy as np
import pytest

from fake_model import FakeModel, made_up_set
from input_errors import message_of
from tools.run import checkpoints
from tools.run.run_folder import RunFolder
from vae_wgan.ensemble.members import (
    member_seed,
    read_member,
    score_members,
    trained_members,
    untrained_members,
)
from vae_wgan.ensemble.training_loop import train_ensemble
from vae_wgan.ensemble.training_plan import TrainingPlan

PLAN = TrainingPlan(seed=3, max_steps=6, save_every=4)
TRAINING = made_up_set("train", 10)
TEST = made_up_set("test", 9, first_id=100)


def train(folder, num_models, plan=PLAN):
    """Trains and returns (model, the members' checkpoint files)."""
    model = FakeModel()
    train_ensemble(model, TRAINING.examples, plan, folder=folder, num_models=num_models)
    found = trained_members(model, folder, num_models=num_models, max_steps=plan.max_steps)
    return model, [member.path for member in found]


def score(paths, seed=3, **options):
    """Scores of the members of these files."""
    members = [read_member(FakeModel(), path).member for path in paths]
    return score_members(members, TEST, seed)


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
    _, paths = trained
    scores = score(paths, seed=3)
    assert {key: values.shape for key, values in scores.items()} == {"iwae": (3, 9), "rate": (3, 9)}
    for member, path in enumerate(paths):
        model = FakeModel()
        with np.load(path) as arrays:
            model.load_state(dict(arrays))
        # The noise is 0.01 times a sum of two normal numbers.
        expected = TEST.examples.sum(axis=(1, 2, 3)) + model.weights[0]
        np.testing.assert_allclose(scores["iwae"][member], expected, atol=0.1)


def test_a_members_scores_depend_on_seed_and_row_only(trained):
    _, paths = trained
    scores = score(paths, seed=3)
    one = score(paths[:1], seed=3)
    np.testing.assert_array_equal(one["iwae"], scores["iwae"][:1])
    assert len({tuple(row) for row in scores["rate"]}) == 3  # each member draws its own noise
    other = score(paths, seed=4)
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
    message = message_of(trained_members, FakeModel(), folder, num_models=4, max_steps=6)
    assert f"member 3 is not trained: {folder.member(3)} has no checkpoint" in message


def test_an_unfinished_member_is_named_with_what_it_has(trained):
    folder, paths = trained
    paths[1].unlink()  # the one of step 4 is left
    message = message_of(trained_members, FakeModel(), folder, num_models=3, max_steps=6)
    assert f"{folder.member(1)} has only step 4 of 6 steps" in message
    assert train(folder, 3)[0].steps == [4, 5]


def test_a_damaged_last_checkpoint_counts_as_none(trained):
    folder, paths = trained
    paths[2].write_bytes(paths[2].read_bytes()[:-40])
    message = message_of(trained_members, FakeModel(), folder, num_models=3, max_steps=6)
    assert "member 2 is not trained" in message


def test_each_checkpoint_is_read_once_however_many_sets_are_scored(trained, monkeypatch):
    folder, _ = trained
    read, read_checkpoint = [], checkpoints.read_checkpoint
    monkeypatch.setattr(
        checkpoints, "read_checkpoint", lambda path: read.append(path) or read_checkpoint(path)
    )
    members = trained_members(FakeModel(), folder, num_models=3, max_steps=6)
    for _ in range(4):
        score_members([one.member for one in members], TEST, seed=3)
    assert [path.parent.name for path in read] == ["0", "1", "2"]


def test_members_with_states_of_their_own_do_not_follow_a_later_training(trained):
    model, (path, *_) = FakeModel(), trained[1]
    member = read_member(model, path).member
    before = score_members([member], TEST, seed=3)
    model.initialize(9)
    np.testing.assert_array_equal(score_members([member], TEST, seed=3)["iwae"], before["iwae"])


def test_the_likelihood_alone_may_be_scored():
    class Model(FakeModel):
        def score_likelihood(self, examples, ids, seed):
            return {"iwae": np.zeros(len(ids))}

    found = score_members([Model(), Model()], TEST, 3, likelihood_only=True)
    assert {name: values.shape for name, values in found.items()} == {"iwae": (2, 9)}
