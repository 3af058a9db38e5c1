"""The trained members of an ensemble: found, read once, and scoring together."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tools.data.example_set import ExampleSet
from tools.errors import InputError
from tools.run.checkpoints import Checkpoint, file_digest, newest_checkpoint, read_checkpoint
from tools.run.run_folder import RunFolder
from tools.run.seeds import child_seed
from vae_wgan.ensemble.member import Member


class TrainedMember(NamedTuple):
    """A member and the file that it was read from.

    Attributes:
        member: Scores with the weights of the file.
        path: The checkpoint.
        digest: sha256 of the file, for the provenance of scores.
    """

    member: Member
    path: Path
    digest: str


def member_seed(root_seed: int, member: int) -> int:
    """Seed of everything that is drawn for one member; no other member changes it."""
    return child_seed(root_seed, "member", member)


def trained_checkpoints(
    folder: RunFolder, *, num_models: int, max_steps: int
) -> Iterator[Checkpoint]:
    """The last whole checkpoint of each member.

    Raises:
        InputError: A member is missing or not trained to the end; it names member and folder.
    """
    for member in range(num_models):
        checkpoint = newest_checkpoint(folder.member(member))
        if checkpoint is None or checkpoint.step < max_steps:
            found = "no checkpoint" if checkpoint is None else f"only step {checkpoint.step}"
            raise InputError(
                f"member {member} is not trained: {folder.member(member)} has {found} of "
                f"{max_steps} steps; train without --skip_train, or lower --num_models"
            )
        yield checkpoint


def trained_members(
    model: Member, folder: RunFolder, *, num_models: int, max_steps: int
) -> list[TrainedMember]:
    """All members as they were trained in a folder; each checkpoint is read once.

    Args:
        model: Any member of the same kind and settings; it is not changed.
        folder: Where the members' checkpoints lie.
        num_models: Members of the ensemble.
        max_steps: Steps that each must have been trained for.

    Raises:
        InputError: A member is missing, not trained to the end, or of other settings.
    """
    found = trained_checkpoints(folder, num_models=num_models, max_steps=max_steps)
    return [_member_of(model, checkpoint) for checkpoint in found]


def read_member(model: Member, path: Path) -> TrainedMember:
    """The member of one checkpoint; see `trained_members`.

    Raises:
        DamagedFileError: The file is not whole.
    """
    return _member_of(model, read_checkpoint(path))


def untrained_members(model: Member, *, num_models: int, seed: int) -> Iterator[Member]:
    """The members as they were before their first training step.

    Args:
        model: Is made each of them in turn.
        num_models: Members of the ensemble.
        seed: Root seed of the run.
    """
    for member in range(num_models):
        model.initialize(child_seed(member_seed(seed, member), "weights"))
        yield model.with_state(model.state())


def score_members(
    members: Iterable[Member], example_set: ExampleSet, seed: int, *, likelihood_only: bool = False
) -> dict[str, np.ndarray]:
    """The quantities of all members for the same examples, [member, example] by name.

    Args:
        members: In their order: a member's number sets its noise.
        example_set: What is scored.
        seed: Root seed of the run.
        likelihood_only: Leaves out what costs further passes.
    """
    return stack_members(
        score_member(member, index, example_set, seed, likelihood_only=likelihood_only)
        for index, member in enumerate(members)
    )


def score_member(
    member: Member, index: int, example_set: ExampleSet, seed: int, *, likelihood_only: bool = False
) -> dict[str, np.ndarray]:
    """The quantities [example] of the member of this number; see `score_members`."""
    noise_seed = child_seed(member_seed(seed, index), "scoring noise")
    score = member.score_likelihood if likelihood_only else member.score
    return score(example_set.examples, example_set.ids, noise_seed)


def stack_members(by_member: Iterable[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """From the quantities of each member to those of all, [member, example] by name."""
    by_member = list(by_member)
    return {key: np.stack([scores[key] for scores in by_member]) for key in by_member[0]}


def _member_of(model: Member, checkpoint: Checkpoint) -> TrainedMember:
    digest = file_digest(checkpoint.path)
    return TrainedMember(model.with_state(checkpoint.arrays), checkpoint.path, digest)
