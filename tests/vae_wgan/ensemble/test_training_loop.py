"""A member is trained once, to the same bytes whether it was killed or not."""

import json
import os
import re
import signal
from typing import NamedTuple

import numpy as np
import pytest

from fake_model import FakeModel, made_up_set
from input_errors import message_of
from tools.run.checkpoints import newest_checkpoint
from tools.run.member_faults import faults_in_words, working_members
from tools.run.progress import RunProgress, TrainingProgress
from tools.run.run_folder import RunFolder
from tools.run.seeds import child_seed
from tools.run.status import run_status
from tools.run.termination import Terminated, terminable
from vae_wgan.ensemble import training_loop
from vae_wgan.ensemble.members import member_seed
from vae_wgan.ensemble.training_loop import train_ensemble, train_member
from vae_wgan.ensemble.training_plan import TrainingPlan

IMAGES = made_up_set("train", 10).examples
PLAN = TrainingPlan(seed=5, max_steps=11, save_every=4)  # saves at 4, 8 and 11


class Killed(BaseException):
    """Ends a training at once, as a signal does."""


def train(folder, model=None, **changes):
    model = model or FakeModel()
    plan = PLAN._replace(**changes)
    progress = TrainingProgress(RunProgress(), 1, plan.max_steps)
    train_member(model, IMAGES, plan, folder=folder, progress=progress, member=0)
    return model


class Outcome(NamedTuple):
    """What must not differ: the checkpoints' bytes and the history but for the speed."""

    checkpoints: dict[str, bytes]
    history: list[dict]


def outcome(folder):
    lines = (folder / "history.jsonl").read_text().splitlines()
    history = [json.loads(line) for line in lines]
    assert all(record.pop("steps_per_second") > 0 for record in history)
    return Outcome({path.name: path.read_bytes() for path in folder.glob("*.npz")}, history)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    train(folder)
    return outcome(folder)


def test_each_step_is_trained_once_and_the_last_is_saved(tmp_path):
    assert train(tmp_path).steps == list(range(11))
    found = outcome(tmp_path)
    assert sorted(found.checkpoints) == ["checkpoint-00000008.npz", "checkpoint-00000011.npz"]
    assert [record["step"] for record in found.history] == [4, 8, 11]
    assert found.history[0].keys() == {"step", "elbo", "learning_rate"}
    assert len(list((tmp_path / "events").iterdir())) == 1


def test_weights_and_steps_come_from_the_seed(tmp_path, undisturbed):
    class Recorder(FakeModel):
        def initialize(self, seed):
            self.weights_seed = seed

        def train_step(self, examples, seed, step):
            self.steps_seed = seed

    train(tmp_path / "same")
    assert outcome(tmp_path / "same") == undisturbed
    first, second = (train(tmp_path / str(seed), Recorder(), seed=seed) for seed in (5, 6))
    assert len({model.weights_seed for model in (first, second)}) == 2
    assert (first.steps_seed, second.steps_seed) == (5, 6)
    assert first.weights_seed != first.steps_seed


def test_how_often_is_saved_changes_no_weight(tmp_path, undisturbed):
    train(tmp_path, save_every=100)
    name = "checkpoint-00000011.npz"
    assert outcome(tmp_path).checkpoints == {name: undisturbed.checkpoints[name]}


def test_all_checkpoints_are_kept_where_that_is_asked_for(tmp_path, undisturbed):
    train(tmp_path, keep=None)
    found = outcome(tmp_path)
    assert found.history == undisturbed.history
    assert undisturbed.checkpoints.items() < found.checkpoints.items()
    assert found.checkpoints.keys() - undisturbed.checkpoints == {"checkpoint-00000004.npz"}


def test_saves_fall_on_round_steps_also_after_another_rhythm(tmp_path):
    train(tmp_path, max_steps=4)
    train(tmp_path, save_every=3)
    assert [record["step"] for record in outcome(tmp_path).history] == [4, 6, 9, 11]


@pytest.mark.parametrize("saved_before_the_kill", [False, True])
@pytest.mark.parametrize("kill_at", [4, 8, 11])
def test_a_kill_at_a_save_changes_nothing(
    kill_at, saved_before_the_kill, tmp_path, monkeypatch, undisturbed
):
    def save_and_die(folder, step, arrays, keep):
        if step < kill_at or saved_before_the_kill:
            save(folder, step, arrays, keep)
        if step == kill_at:
            raise Killed

    save = training_loop.save_checkpoint
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(training_loop, "save_checkpoint", save_and_die)
        train(tmp_path)
    first_step = kill_at if saved_before_the_kill else (kill_at - 1) // 4 * 4
    assert train(tmp_path).steps == list(range(first_step, 11))
    assert outcome(tmp_path) == undisturbed


def test_a_kill_between_two_saves_changes_nothing(tmp_path, undisturbed):
    class DiesAfterStep6(FakeModel):
        def train_step(self, examples, seed, step):
            if step == 6:
                raise Killed
            super().train_step(examples, seed, step)

    with pytest.raises(Killed):
        train(tmp_path, DiesAfterStep6())
    assert train(tmp_path).steps == list(range(4, 11))
    assert outcome(tmp_path) == undisturbed


def test_a_damaged_last_checkpoint_costs_only_its_interval(tmp_path, undisturbed):
    train(tmp_path)
    (tmp_path / "checkpoint-00000011.npz").write_bytes(b"damaged")
    assert train(tmp_path).steps == [8, 9, 10]
    assert outcome(tmp_path) == undisturbed


def test_a_finished_member_is_left_as_it_is(tmp_path):
    train(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    model = train(tmp_path)
    assert model.steps == []
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
    np.testing.assert_array_equal(model.weights, newest_checkpoint(tmp_path).arrays["weights"])


def test_diverged_training_is_a_fault_and_keeps_the_last_sound_checkpoint(tmp_path):
    model = FakeModel()
    model.diverges_at = 6
    for _ in range(2):  # starting again finds no trace of it
        message = message_of(train, tmp_path, model)
        assert re.match(r"diverged by step [678]: elbo is not finite", message)
        assert newest_checkpoint(tmp_path).step == 4
        assert np.isfinite(newest_checkpoint(tmp_path).arrays["weights"]).all()
        assert [record["step"] for record in outcome(tmp_path).history] == [4]


def test_a_state_that_is_not_finite_is_not_saved_though_all_that_is_looked_at_is(tmp_path):
    class LooksSound(FakeModel):
        def train_step(self, examples, seed, step):
            super().train_step(examples, seed, step)
            if step == 10:
                self.velocity = np.array([0, np.inf, 0])

        def train_steps(self, examples, seed, steps):
            return super().train_steps(examples, seed, steps) | {"elbo": 1.0}

        def monitor(self):
            return {"elbo": 1.0}

    message = message_of(train, tmp_path, LooksSound())
    assert message == "diverged by step 11: optimizer/velocity is not finite"
    assert newest_checkpoint(tmp_path).step == 8
    assert np.isfinite(newest_checkpoint(tmp_path).arrays["optimizer/velocity"]).all()


class DivergesWith(FakeModel):
    """Its training diverges at step 6 from the seeds that are given."""

    def __init__(self, *seeds):
        super().__init__()
        self.seeds, self.used = seeds, []

    def train_steps(self, examples, seed, steps):
        if seed not in self.used:
            self.used.append(seed)
        self.diverges_at = 6 if seed in self.seeds else None
        return super().train_steps(examples, seed, steps)


def train_all(path, model, num_models=2):
    train_ensemble(model, IMAGES, PLAN, folder=RunFolder(path), num_models=num_models)


def attempts(member):
    first = member_seed(PLAN.seed, member)
    return first, child_seed(first, "attempt", 1)


def test_a_member_that_diverges_starts_again_from_another_seed(tmp_path, caplog):
    model = DivergesWith(attempts(1)[0])
    train_all(tmp_path / "run", model)
    assert model.used == [attempts(0)[0], *attempts(1)]
    folder = RunFolder(tmp_path / "run")
    assert working_members(folder, 2) == [0, 1]
    restarted, left_out = faults_in_words(folder, 2)
    assert (list(restarted), left_out) == (["member 1"], {})
    (line,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert re.search(r"1: the member diverged by step \d: elbo .*; it starts again from", line)
    train(tmp_path / "other", seed=attempts(1)[1])
    assert outcome(folder.member(1)) == outcome(tmp_path / "other")
    again = DivergesWith(attempts(1)[0])
    train_all(tmp_path / "run", again)
    assert again.steps == []


def test_a_member_that_diverges_twice_is_left_out_and_not_tried_again(tmp_path):
    train_all(tmp_path, DivergesWith(*attempts(0)))
    folder = RunFolder(tmp_path)
    assert working_members(folder, 2) == [1]
    _, left_out = faults_in_words(folder, 2)
    assert re.fullmatch(r"it diverged by step .*, and before: it div.*", left_out["member 0"])
    assert "left out: it diverged by step" in _member_status(folder)
    again = DivergesWith()
    train_all(tmp_path, again)
    assert again.steps == []


def _member_status(folder):
    folder.update_manifest(settings={"num_models": 2, "max_steps": 11})
    return run_status(folder.path)


class TerminatedAtStep(FakeModel):
    """SIGTERM comes in the middle of this step."""

    def __init__(self, step):
        super().__init__()
        self.last_step = step

    def train_step(self, examples, seed, step):
        if step == self.last_step:
            os.kill(os.getpid(), signal.SIGTERM)
        super().train_step(examples, seed, step)


@pytest.mark.parametrize("step", [0, 5, 7, 10])
def test_sigterm_saves_every_step_that_was_done_and_changes_no_byte(step, tmp_path, undisturbed):
    model = TerminatedAtStep(step)
    with terminable(), pytest.raises(Terminated):
        train(tmp_path, model)
    assert model.steps[-1] >= step
    assert newest_checkpoint(tmp_path).step == len(model.steps)
    np.testing.assert_array_equal(newest_checkpoint(tmp_path).arrays["weights"], model.weights)
    rest = train(tmp_path)
    assert model.steps + rest.steps == list(range(11))
    last = "checkpoint-00000011.npz"
    found = outcome(tmp_path)
    assert found.checkpoints[last] == undisturbed.checkpoints[last]
    assert found.history[-1] == undisturbed.history[-1]


def test_events_go_where_they_are_wanted(tmp_path):
    train(tmp_path / "0", log_dir=str(tmp_path / "log"))
    assert not (tmp_path / "0" / "events").exists()
    assert len(list((tmp_path / "log" / "0").glob("events.out.*"))) == 1
    assert newest_checkpoint(tmp_path / "0").step == 11


def test_each_save_tells_steps_speed_and_time_left(tmp_path, caplog):
    with caplog.at_level("INFO"):
        train(tmp_path)
    lines = [record.getMessage() for record in caplog.records if "steps/s" in record.getMessage()]
    assert [re.search(r"step \d+ of 11, elbo -?[\d.]+, ", line) is not None for line in lines] == [
        True
    ] * 3
    assert lines[-1].endswith("steps/s")
