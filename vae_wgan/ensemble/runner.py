"""Runners train and score the members of a run; each gives the same results to the byte."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from tools.data.example_set import ExampleSet
from tools.run.run_folder import RunFolder
from tools.scores.score_registry import needed_quantities
from vae_wgan.data.image_data import ExperimentData
from vae_wgan.ensemble.member import Member
from vae_wgan.ensemble.members import TrainedMember, trained_members
from vae_wgan.ensemble.training_plan import TrainingPlan
from vae_wgan.settings.any_settings import AnySettings

if TYPE_CHECKING:
    from vae_wgan.ensemble.model_kind import ModelKind  # it imports this module


def model_of(kind: ModelKind[Any, Any], settings: AnySettings, data: ExperimentData) -> Member:
    """A member of the run with initial weights; training turns it into each member in turn."""
    shape = data.training.examples.shape[1:]
    return kind.new_member(settings, shape, data.monitored, needed_quantities(settings.score_keys))


class Runner(ABC):
    """Trains and scores the members of one run.

    Args:
        kind: Kind of the members.
        settings: Settings of the run.
        data: All examples of the run; members are trained on `data.training.examples`.
    """

    def __init__(self, kind: ModelKind[Any, Any], settings: AnySettings, data: ExperimentData):
        self._kind = kind
        self._settings = settings
        self._data = data

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

    @abstractmethod
    def train(self, plan: TrainingPlan, folder: RunFolder, num_models: int) -> None:
        """Trains the unfinished members among 0..num_models-1; see `train_ensemble`."""

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
