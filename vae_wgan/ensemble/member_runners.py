"""Who trains and scores the members of a run: this process, or the tasks of a launcher."""

import functools
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol, Self

import numpy as np
from tqdm import tqdm

from tools.data.example_set import ExampleSet
from tools.run.checkpoints import read_checkpoint
from tools.run.progress import TrainingProgress
from tools.run.run_folder import RunFolder
from vae_wgan.ensemble.devices import prepare_devices
from vae_wgan.ensemble.launchers import Launcher
from vae_wgan.ensemble.members import (
    score_ensemble,
    score_member,
    stack_members,
    train_ensemble,
    train_one,
)
from vae_wgan.ensemble.training_loop import TrainingPlan

_LOG = logging.getLogger(__name__)


class ModelSource(NamedTuple):
    """What any process makes the model of a run from.

    Attributes:
        make_model: From settings and data to the model that becomes each member in turn.
        settings: Of the run; `cpus_per_member` is how many threads a process computes with.
        data: `data.training.examples` is what members are trained on.
    """

    make_model: Callable[[Any, Any], Any]
    settings: Any
    data: Any


class Runner(Protocol):
    """Trains and scores members; where it does so changes no byte of the results."""

    model: Any  # in this process
    costs: dict[str, float]  # seconds per 1,000 examples and member, by pass of scoring

    def changed(self, settings: Any) -> Self:
        """A runner of the same data and launcher with other settings."""

    def train(self, plan: TrainingPlan, folder: RunFolder, num_models: int) -> None:
        """Trains what is missing of the members 0..num_models-1; see `train_ensemble`."""

    def scores(
        self, checkpoints: Sequence[Path], example_sets: Sequence[ExampleSet], seed: int
    ) -> Iterator[tuple[ExampleSet, dict[str, np.ndarray]]]:
        """Each set with the scores of all members [member, example] by key, as they are ready."""


class LocalRunner:
    """One member after another, in this process."""

    def __init__(self, source: ModelSource):
        """Takes what the model is made from."""
        self._source = source

    @functools.cached_property
    def model(self) -> Any:
        """The model, made when it is first needed."""
        return _model(self._source)

    @property
    def costs(self) -> dict[str, float]:
        """Seconds per 1,000 examples and member, by pass of scoring."""
        return _costs(self.model)

    def changed(self, settings: Any) -> "LocalRunner":
        """A runner of the same data with other settings."""
        return LocalRunner(self._source._replace(settings=settings))

    def train(self, plan: TrainingPlan, folder: RunFolder, num_models: int) -> None:
        """Trains what is missing of the members."""
        examples = self._source.data.training.examples
        train_ensemble(self.model, examples, plan, folder=folder, num_models=num_models)

    def scores(
        self, checkpoints: Sequence[Path], example_sets: Sequence[ExampleSet], seed: int
    ) -> Iterator[tuple[ExampleSet, dict[str, np.ndarray]]]:
        """Each set with its scores, in their order."""
        for example_set in example_sets:
            yield example_set, score_ensemble(self.model, checkpoints, example_set, seed)


class TaskRunner:
    """A task per member in training, and per member and set in scoring."""

    def __init__(self, source: ModelSource, launcher: Launcher):
        """Takes what the model is made from, and who does the tasks."""
        self._source = source
        self._launcher = launcher
        self.costs: dict[str, float] = {}

    @functools.cached_property
    def model(self) -> Any:
        """The model in this process, for what is no task; made when it is first needed."""
        return _model(self._source)

    def changed(self, settings: Any) -> "TaskRunner":
        """A runner of the same data and launcher with other settings."""
        return TaskRunner(self._source._replace(settings=settings), self._launcher)

    def train(self, plan: TrainingPlan, folder: RunFolder, num_models: int) -> None:
        """Trains what is missing of the members."""
        recipe = self._source[:2]
        # Another process may work elsewhere.
        folder = RunFolder(folder.path.absolute())
        plan = plan._replace(log_dir=plan.log_dir and str(Path(plan.log_dir).absolute()))
        tasks = ((*recipe, plan, folder, member) for member in range(num_models))
        trained = self._launcher.run(_train_task, tasks)
        hidden = not sys.stderr.isatty()
        for member, _ in tqdm(trained, total=num_models, unit="member", disable=hidden):
            _LOG.info("member %d is trained", member)

    def scores(
        self, checkpoints: Sequence[Path], example_sets: Sequence[ExampleSet], seed: int
    ) -> Iterator[tuple[ExampleSet, dict[str, np.ndarray]]]:
        """Each set with its scores, as its last member ends."""
        parts: dict[int, dict[int, dict[str, np.ndarray]]] = {}
        tasks = self._scoring_tasks(checkpoints, example_sets, seed)
        for number, (scores, costs) in self._launcher.run(_score_task, tasks):
            self.costs = costs
            index, member = divmod(number, len(checkpoints))
            by_member = parts.setdefault(index, {})
            by_member[member] = scores
            if len(by_member) == len(checkpoints):
                del parts[index]
                yield example_sets[index], stack_members(map(by_member.get, sorted(by_member)))

    def _scoring_tasks(
        self, checkpoints: Sequence[Path], example_sets: Sequence[ExampleSet], seed: int
    ) -> Iterator[tuple]:
        for example_set in example_sets:
            shared = self._launcher.share(example_set)
            for member, checkpoint in enumerate(checkpoints):
                yield (*self._source[:2], shared, checkpoint.absolute(), member, seed)


def runner_of(source: ModelSource, launcher: Launcher | None) -> Runner:
    """The runner that works through a launcher; None: in this process."""
    return LocalRunner(source) if launcher is None else TaskRunner(source, launcher)


def _model(source: ModelSource) -> Any:
    return source.make_model(source.settings, source.data)


def _costs(model: Any) -> dict[str, float]:
    return model.stopwatch.per_thousand() if hasattr(model, "stopwatch") else {}


_models: dict[tuple, Any] = {}  # of this process, where it does tasks: the last one


def _model_of_process(make_model: Callable, settings: Any, data: Any) -> Any:
    """The model, kept for the next task: it takes seconds to make and to compile."""
    if (make_model, settings) not in _models:
        prepare_devices(settings.cpus_per_member)
        _models.clear()
        _models[make_model, settings] = make_model(settings, data)
    return _models[make_model, settings]


def _train_task(
    data: Any,
    make_model: Callable,
    settings: Any,
    plan: TrainingPlan,
    folder: RunFolder,
    member: int,
) -> None:
    model = _model_of_process(make_model, settings, data)
    with TrainingProgress(1, plan.max_steps) as progress:
        train_one(
            model, data.training.examples, plan, folder=folder, member=member, progress=progress
        )


def _score_task(
    data: Any,
    make_model: Callable,
    settings: Any,
    example_set: ExampleSet,
    checkpoint: Path,
    member: int,
    seed: int,
) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    model = _model_of_process(make_model, settings, data)
    model.load_state(read_checkpoint(checkpoint).arrays)
    return score_member(model, member, example_set, seed), _costs(model)
