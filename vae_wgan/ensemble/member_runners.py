"""Runners of members: in this process, or by the tasks of a launcher."""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tools.data.example_set import ExampleSet
from tools.run.progress import RunProgress, ScoringProgress, TrainingProgress
from tools.run.run_folder import RunFolder
from vae_wgan.data.image_data import ExperimentData
from vae_wgan.ensemble.devices import prepare_devices
from vae_wgan.ensemble.launchers import Launcher
from vae_wgan.ensemble.member import Member
from vae_wgan.ensemble.members import (
    TrainedMember,
    read_member,
    score_member,
    score_members,
    stack_members,
)
from vae_wgan.ensemble.model_kind import AnyKind
from vae_wgan.ensemble.runner import Runner, model_of
from vae_wgan.ensemble.training_loop import train_ensemble, train_one
from vae_wgan.ensemble.training_plan import TrainingPlan
from vae_wgan.settings.any_settings import AnySettings

_LOG = logging.getLogger(__name__)


class LocalRunner(Runner):
    """Trains and scores one member after another in this process."""

    @property
    def costs(self) -> dict[str, float]:
        """Seconds per 1,000 examples and member, by scoring pass."""
        return self.model.costs

    def changed(self, settings: AnySettings) -> "LocalRunner":
        """A runner with the same data and other settings."""
        return LocalRunner(self._kind, settings, self._data, self._progress)

    def _train_members(self, plan: TrainingPlan, folder: RunFolder, num_models: int) -> None:
        examples = self._data.training.examples
        train_ensemble(
            self.model,
            examples,
            plan,
            folder=folder,
            num_models=num_models,
            progress=self._progress,
        )

    def scores(
        self, members: Sequence[TrainedMember], example_sets: Sequence[ExampleSet], seed: int
    ) -> Iterator[tuple[ExampleSet, dict[str, np.ndarray]]]:
        """Yields each set with all members' quantities [member, example], in the given order."""
        models = [one.member for one in members]
        count = sum(map(len, example_sets))
        progress = ScoringProgress(self._progress, len(members), count)
        for example_set in example_sets:
            scoring = progress.scoring(models, example_set.name, len(example_set))
            yield example_set, score_members(scoring, example_set, seed)


class TaskRunner(Runner):
    """Trains with one task per member, scores with one task per member and set.

    Args:
        kind: Kind of the members.
        settings: Settings of the run.
        data: All examples of the run.
        launcher: Launcher that runs the tasks.
        progress: The run's bar; None: nothing is shown.
    """

    def __init__(
        self,
        kind: AnyKind,
        settings: AnySettings,
        data: ExperimentData,
        launcher: Launcher,
        progress: RunProgress | None = None,
    ):
        super().__init__(kind, settings, data, progress)
        self._launcher = launcher
        self._costs: dict[str, float] = {}

    @property
    def costs(self) -> dict[str, float]:
        """Seconds per 1,000 examples and member, by scoring pass, measured in one process."""
        return self._costs

    def changed(self, settings: AnySettings) -> "TaskRunner":
        """A runner with the same data and launcher and other settings."""
        return TaskRunner(self._kind, settings, self._data, self._launcher, self._progress)

    def _train_members(self, plan: TrainingPlan, folder: RunFolder, num_models: int) -> None:
        # Absolute paths: the other process may have another current folder.
        folder = RunFolder(folder.path.absolute())
        plan = plan._replace(log_dir=plan.log_dir and str(Path(plan.log_dir).absolute()))
        tasks = ((self._kind, self._settings, plan, folder, index) for index in range(num_models))
        trained = self._launcher.run(_train_task, tasks)
        self._progress.tell(f"training {num_models} members")
        for count, (member, _) in enumerate(trained, 1):
            _LOG.info("member %d is trained", member)
            self._progress.move(count / num_models)

    def scores(
        self, members: Sequence[TrainedMember], example_sets: Sequence[ExampleSet], seed: int
    ) -> Iterator[tuple[ExampleSet, dict[str, np.ndarray]]]:
        """Yields each set with all members' quantities when its last member has scored it."""
        parts: dict[int, dict[int, dict[str, np.ndarray]]] = {}
        tasks = self._scoring_tasks(members, example_sets, seed)
        count = sum(map(len, example_sets))
        progress = ScoringProgress(self._progress, len(members), count)
        for number, (scores, costs) in self._launcher.run(_score_task, tasks):
            self._costs = costs
            index, member = divmod(number, len(members))
            progress.advance(len(example_sets[index]))
            by_member = parts.setdefault(index, {})
            by_member[member] = scores
            if len(by_member) == len(members):
                del parts[index]
                yield (
                    example_sets[index],
                    stack_members(by_member[each] for each in sorted(by_member)),
                )

    def _scoring_tasks(
        self, members: Sequence[TrainedMember], example_sets: Sequence[ExampleSet], seed: int
    ) -> Iterator[tuple]:
        for example_set in example_sets:
            shared = self._launcher.share(example_set)
            for index, member in enumerate(members):
                path = member.path.absolute()
                yield self._kind, self._settings, shared, path, index, seed


def open_runner(
    kind: AnyKind,
    settings: AnySettings,
    data: ExperimentData,
    launcher: Launcher | None,
    progress: RunProgress | None = None,
) -> Runner:
    """A runner that uses the launcher; None: one that works in this process."""
    prepare_devices(settings.cpus_per_member)
    if launcher is None:
        return LocalRunner(kind, settings, data, progress)
    return TaskRunner(kind, settings, data, launcher, progress)


# Caches of a process that runs tasks: building and compiling a model takes seconds, and each
# checkpoint is read once. They hold one kind and settings at a time.
_models: dict[tuple[type, AnySettings], Member] = {}
_members: dict[Path, Member] = {}


def _model_of_process(kind: AnyKind, settings: AnySettings, data: Any) -> Member:
    key = (type(kind), settings)
    if key not in _models:
        prepare_devices(settings.cpus_per_member)
        _models.clear()
        _members.clear()
        _models[key] = model_of(kind, settings, data)
    return _models[key]


def _train_task(
    data: ExperimentData,
    kind: AnyKind,
    settings: AnySettings,
    plan: TrainingPlan,
    folder: RunFolder,
    index: int,
) -> None:
    model = _model_of_process(kind, settings, data)
    progress = TrainingProgress(RunProgress(), 1, plan.max_steps)  # the run has one bar
    train_one(model, data.training.examples, plan, folder=folder, member=index, progress=progress)


def _score_task(
    data: ExperimentData,
    kind: AnyKind,
    settings: AnySettings,
    example_set: ExampleSet,
    checkpoint: Path,
    index: int,
    seed: int,
) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    model = _model_of_process(kind, settings, data)
    if checkpoint not in _members:
        _members[checkpoint] = read_member(model, checkpoint).member
    return score_member(_members[checkpoint], index, example_set, seed), model.costs
