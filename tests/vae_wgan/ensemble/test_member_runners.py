"""Runners: the same members and scores by tasks as in one process."""

from types import SimpleNamespace

import numpy as np
import pytest

from fake_model import FakeModel, made_up_set
from tools.run.run_folder import RunFolder
from vae_wgan.ensemble import member_runners
from vae_wgan.ensemble.member_runners import LocalRunner, ModelSource, TaskRunner, runner_of
from vae_wgan.ensemble.members import trained_members
from vae_wgan.ensemble.training_loop import TrainingPlan
from vae_wgan.settings.launcher_settings import LauncherSettings

PLAN = TrainingPlan(seed=3, max_steps=4, save_every=2)
SETS = [made_up_set("near", 9, first_id=100), made_up_set("far", 5)]
DATA = SimpleNamespace(training=made_up_set("train", 10))
SETTINGS = LauncherSettings(cpus_per_member=5)


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
    stopwatch = SimpleNamespace(per_thousand=lambda: {"sampling": 2.5})


made = []


def make_model(settings, data):
    made.append(settings)
    assert data is DATA
    return TimedModel()


@pytest.fixture(autouse=True)
def threads(monkeypatch):
    """A process that has made no model yet, and what its devices are set to."""
    monkeypatch.setattr(member_runners, "_models", {})
    made.clear()
    taken = []
    monkeypatch.setattr(member_runners, "prepare_devices", taken.append)
    return taken


def results(runner, folder):
    """Bytes of the checkpoints, scores by set."""
    runner.train(PLAN, folder, num_models=3)
    checkpoints = trained_members(folder, num_models=3, max_steps=PLAN.max_steps)
    scored = runner.scores(checkpoints, SETS, seed=3)
    return [path.read_bytes() for path in checkpoints], {part.name: found for part, found in scored}


def test_tasks_in_any_order_give_what_one_process_gives(tmp_path, threads):
    source = ModelSource(make_model, SETTINGS, DATA)
    launcher = BackwardsLauncher()
    local, tasks = runner_of(source, None), runner_of(source, launcher)
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


def test_a_process_makes_one_model_for_all_its_tasks_with_its_threads(tmp_path, threads):
    results(
        TaskRunner(ModelSource(make_model, SETTINGS, DATA), BackwardsLauncher()),
        RunFolder(tmp_path),
    )
    assert made == [SETTINGS]
    assert threads == [5]


@pytest.mark.parametrize("runner_class", [LocalRunner, lambda source: TaskRunner(source, None)])
def test_a_changed_runner_makes_its_model_of_the_new_settings(runner_class):
    runner = runner_class(ModelSource(make_model, SETTINGS, DATA))
    other = LauncherSettings(cpus_per_member=7)
    changed = runner.changed(other)
    assert changed.model is changed.model
    assert made == [other]
