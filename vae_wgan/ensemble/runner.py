"""Runners train and score the members of a run; each gives the same results to the byte."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Self

import numpy as np

from tools.data.example_set import ExampleSet
from tools.errors import InputError
from tools.run.member_faults import faults_of, working_members
from tools.run.progress import RunProgress
from tools.run.run_folder import RunFolder
from tools.run.training_history import read_history
from tools.scores.score_registry import needed_quantities
from vae_wgan.data.image_data import ExperimentData
from vae_wgan.ensemble.member import Member
from vae_wgan.ensemble.member_health import likelihood_of, note_fault, out_of_line
from vae_wgan.ensemble.members import TrainedMember, trained_members, untrained_members
from vae_wgan.ensemble.training_plan import TrainingPlan
from vae_wgan.settings.any_settings import AnySettings

if TYPE_CHECKING:
    from vae_wgan.ensemble.model_kind import AnyKind  # it imports this module


def model_of(kind: AnyKind, settings: AnySettings, data: ExperimentData) -> Member:
    """A member of the run with initial weights; training turns it into each member in turn."""
    shape = data.training.examples.shape[1:]
    return kind.new_member(settings, shape, data.monitored, needed_quantities(settings.score_keys))


class Runner(ABC):
    """Trains and scores the members of one run.

    Args:
        kind: Kind of the members.
        settings: Settings of the run.
        data: All examples of the run; members are trained on `data.training.examples`.
        progress: The run's bar; None: nothing is shown.
    """

    def __init__(
        self,
        kind: AnyKind,
        settings: AnySettings,
        data: ExperimentData,
        progress: RunProgress | None = None,
    ):
        self._kind = kind
        self._settings = settings
        self._data = data
        self._progress = progress or RunProgress()

    @cached_property
    def model(self) -> Member:
        """The model in this process; built on first access."""
        return model_of(self._kind, self._settings, self._data)

    @property
    @abstractmethod
    def costs(self) -> dict[str, float]:
        """Seconds per 1,000 examples and member, by scoring pass."""

    @abstractmethod
    def changed(self, settings: AnySettings) -> Self:
        """A runner with the same data and other settings."""

    def train(self, plan: TrainingPlan, folder: RunFolder, num_models: int) -> None:
        """Trains the unfinished members among 0..num_models-1.

        A member that fails, or ends unlike the others, is trained once more from another seed, then
        left out.

        Raises:
            InputError: All members failed.
        """
        self._train_members(plan, folder, num_models)
        while faults := self._out_of_line(plan, folder, num_models):
            for member, fault in faults.items():
                note_fault(folder.member(member), fault)
            self._train_members(plan, folder, num_models)
        if not working_members(folder, num_models):
            raise InputError(
                f"{folder.path}: all members failed; member 0 {faults_of(folder.member(0))[-1]}."
                " Start again with a smaller learning rate (flags --learning_rate...) and"
                " --delete_existing"
            )

    @abstractmethod
    def _train_members(self, plan: TrainingPlan, folder: RunFolder, num_models: int) -> None:
        """Trains the unfinished members that are not left out; see `train_ensemble`."""

    def _out_of_line(
        self, plan: TrainingPlan, folder: RunFolder, num_models: int
    ) -> dict[int, str]:
        """Why trained members are unlike the others, by number; see `out_of_line`."""

        def untrained() -> float | None:
            (first,) = untrained_members(self.model, num_models=1, seed=plan.seed)
            return likelihood_of(first.monitor())

        members = working_members(folder, num_models)
        histories = {n: read_history(folder.member(n) / "history.jsonl") for n in members}
        last = {n: records[-1] for n, records in histories.items() if records}
        return out_of_line(last, untrained)

    @abstractmethod
    def scores(
        self, members: Sequence[TrainedMember], example_sets: Sequence[ExampleSet], seed: int
    ) -> Iterator[tuple[ExampleSet, dict[str, np.ndarray]]]:
        """Yields each set with all members' quantities [member, example] when they are ready."""

    def trained(self, folder: RunFolder) -> list[TrainedMember]:
        """The trained members of a run folder; see `trained_members`."""
        settings = self._settings
        return trained_members(
            self.model, folder, num_models=settings.num_models, max_steps=settings.total_steps
        )
