"""Runners: the same members and scores by tasks as in one process."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from fake_model import FakeKind, FakeModel, made_up_set
from tools.run.run_folder import RunFolder
from vae_wgan.ensemble import member_runners
from vae_wgan.ensemble.member_runners import LocalRunner, TaskRunner, open_runner
from vae_wgan.ensemble.runner import model_of
from vae_wgan.ensemble.training_plan import TrainingPlan
from vae_wgan.settings.vae_settings import VAESettings

PLAN = TrainingPlan(seed=3, max_steps=4, save_every=2)
SETS = [made_up_set("near", 9, first_id=100), made_up_set("far", 5)]
DATA = SimpleNamespace(training=made_up_set("train", 10), monitored=np.zeros((1, 4, 4, 1)))
SETTINGS = VAESettings(model_dir="unused", num_models=3, max_steps=4, cpus_per_member=5)


class BackwardsLauncher:
    """Does the tasks in this process, the last one first."""

    def __init__(self):
        self.shared = []

    def share(self, value):
        self.shared.append(value)
        return value

    def run(self, function, tasks):
        for number, arguments in reversed(list(enumerate(tasks))):
            yield number, function(DATA, *arguments)


class TimedModel(FakeModel):
    costs = {"sampling": 2.5}  # noqa: RUF012  in place of the property


made = []


class Kind(FakeKind):
    def new_member(self, settings, example_shape, monitored, quantities):
        made.append(settings)
        assert (example_shape, monitored) == ((4, 4, 1), DATA.monitored)
        assert "laplace" in quantities  # of likelihood_residual
        return TimedModel()


@pytest.fixture(autouse=True)
def threads(monkeypatch):
    """A process that has made no model yet, and what its devices are set to."""
    monkeypatch.setattr(member_runners, "_models", {})
    monkeypatch.setattr(member_runners, "_members", {})
    made.clear()
    taken = []
    monkeypatch.setattr(member_runners, "prepare_devices", taken.append)
    return taken


def results(runner, folder):
    """Bytes of the checkpoints, scores by set."""
    runner.train(PLAN, folder, num_models=3)
    members = runner.trained(folder)
    scored = runner.scores(members, SETS, seed=3)
    weights = [member.path.read_bytes() for member in members]
    return weights, {part.name: found for part, found in scored}


def test_tasks_in_any_order_give_what_one_process_gives(tmp_path, threads):
    launcher = BackwardsLauncher()
    local, tasks = (open_runner(Kind(), SETTINGS, DATA, each) for each in (None, launcher))
    assert isinstance(local, LocalRunner)
    assert isinstance(tasks, TaskRunner)
    weights, scores = results(local, RunFolder(tmp_path / "local"))
    found_weights, found_scores = results(tasks, RunFolder(tmp_path / "tasks"))
    assert found_weights == weights
    assert len(set(weights)) == 3
    for name, values in scores.items():
        for key in ("iwae", "rate"):
            np.testing.assert_array_equal(found_scores[name][key], values[key])
    assert local.costs == tasks.costs == {"sampling": 2.5}
    assert launcher.shared == SETS


def test_a_process_makes_one_model_and_reads_a_checkpoint_once(tmp_path, threads, monkeypatch):
    read, read_member = [], member_runners.read_member
    monkeypatch.setattr(
        member_runners,
        "read_member",
        lambda model, path: read.append(path) or read_member(model, path),
    )
    runner = TaskRunner(Kind(), SETTINGS, DATA, BackwardsLauncher())
    results(runner, RunFolder(tmp_path))
    assert made == [SETTINGS] * 2  # of the tasks, and of the runner
    assert threads == [5]
    assert len(read) == 3


@pytest.mark.parametrize("runner_class", [LocalRunner, lambda *source: TaskRunner(*source, None)])
def test_a_changed_runner_makes_its_model_of_the_new_settings(runner_class):
    runner = runner_class(Kind(), SETTINGS, DATA)
    other = dataclasses.replace(SETTINGS, cpus_per_member=7)
    changed = runner.changed(other)
    assert changed.model is changed.model
    assert made == [other]


def test_the_model_of_a_run_is_made_for_its_examples_and_scores():
    asked = []

    class Kind:
        def new_member(self, *arguments):
            asked.append(arguments)
            return "a member"

    settings = dataclasses.replace(SETTINGS, score_keys=("iwae", "rate"))
    assert model_of(Kind(), settings, DATA) == "a member"
    ((given, shape, monitored, quantities),) = asked
    assert given is settings
    assert shape == DATA.training.examples.shape[1:]
    assert monitored is DATA.monitored
    assert quantities == {"iwae", "rate"}
