"""Trains, finds and scores the members of an ensemble, whatever model they are."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from tools.data.example_set import ExampleSet
from tools.errors import InputError
from tools.run.checkpoints import newest_checkpoint, read_checkpoint
from tools.run.member_lock import only_writer
from tools.run.progress import TrainingProgress
from tools.run.run_folder import RunFolder
from tools.run.seeds import child_seed
from vae_wgan.ensemble.training_loop import Trainee, TrainingPlan, train_member


class Scorer(Protocol):
    """What scoring needs of a model."""

    def load_state(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Becomes one member."""

    def score(self, examples: np.ndarray, ids: np.ndarray, seed: int) -> dict[str, np.ndarray]:
        """Values [example] by score key; the noise depends on ids and seed only."""


def member_seed(root_seed: int, member: int) -> int:
    """Seed of everything that is drawn for one member; no other member changes it."""
    return child_seed(root_seed, "member", member)


def train_ensemble(
    trainee: Trainee, examples: Any, plan: TrainingPlan, *, folder: RunFolder, num_models: int
) -> None:
    """Trains members 0..num_models-1 one after another; finished ones are passed over.

    Args:
        trainee: Model that becomes each member in turn.
        examples: What members are trained on, in the form that the trainee takes.
        plan: Its seed is the run's root seed.
        folder: Where the members' checkpoints lie.
        num_models: Members of the ensemble.
    """
    with TrainingProgress(num_models, plan.max_steps) as progress:
        for member in range(num_models):
            train_one(trainee, examples, plan, folder=folder, member=member, progress=progress)


def train_one(
    trainee: Trainee,
    examples: Any,
    plan: TrainingPlan,
    *,
    folder: RunFolder,
    member: int,
    progress: TrainingProgress,
) -> None:
    """Trains one member; the other arguments are those of `train_ensemble`."""
    with only_writer(folder.member(member)):
        train_member(
            trainee,
            examples,
            plan._replace(seed=member_seed(plan.seed, member)),
            folder=folder.member(member),
            progress=progress,
            member=member,
        )


def trained_members(folder: RunFolder, *, num_models: int, max_steps: int) -> list[Path]:
    """The files of all members' last checkpoints, each read once to know that it is whole.

    Raises:
        InputError: A member is missing or not trained to the end; it names member and folder.
    """
    checkpoints = []
    for member in range(num_models):
        checkpoint = newest_checkpoint(folder.member(member))
        if checkpoint is None or checkpoint.step < max_steps:
            found = "no checkpoint" if checkpoint is None else f"only step {checkpoint.step}"
            raise InputError(
                f"member {member} is not trained: {folder.member(member)} has {found} of "
                f"{max_steps} steps; train without --skip_train, or lower --num_models"
            )
        checkpoints.append(checkpoint.path)
    return checkpoints


def untrained_members(model: Trainee, *, num_models: int, seed: int) -> Iterator[Trainee]:
    """The model as each member in turn before its first training step.

    Args:
        model: It is changed.
        num_models: Members of the ensemble.
        seed: The run's root seed.
    """
    for member in range(num_models):
        model.initialize(child_seed(member_seed(seed, member), "weights"))
        yield model


def score_ensemble(
    scorer: Scorer, checkpoints: Sequence[Path], example_set: ExampleSet, seed: int
) -> dict[str, np.ndarray]:
    """Scores of all members on the same rows, [member, example] by score key."""
    states = (read_checkpoint(checkpoint).arrays for checkpoint in checkpoints)
    return score_members(scorer, states, example_set, seed)


def score_members(
    scorer: Scorer, states: Iterable[Mapping[str, np.ndarray]], example_set: ExampleSet, seed: int
) -> dict[str, np.ndarray]:
    """As `score_ensemble`, with the members' states {variable: array} instead of their files."""
    by_member = []
    for member, arrays in enumerate(states):
        scorer.load_state(arrays)
        by_member.append(score_member(scorer, member, example_set, seed))
    return stack_members(by_member)


def score_member(
    scorer: Scorer, member: int, example_set: ExampleSet, seed: int
) -> dict[str, np.ndarray]:
    """Scores [example] by score key of the member that the scorer is; its number sets its noise."""
    noise_seed = child_seed(member_seed(seed, member), "scoring noise")
    return scorer.score(example_set.examples, example_set.ids, noise_seed)


def stack_members(by_member: Iterable[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """From the scores of each member to those of all, [member, example] by score key."""
    by_member = list(by_member)
    return {key: np.stack([scores[key] for scores in by_member]) for key in by_member[0]}
