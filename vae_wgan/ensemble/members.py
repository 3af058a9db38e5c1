"""The trained members of an ensemble: finds their checkpoints, reads them, scores with them."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tools.data.example_set import ExampleSet
from tools.errors import InputError
from tools.run.checkpoints import Checkpoint, file_digest, newest_checkpoint, read_checkpoint
from tools.run.member_faults import working_members
from tools.run.run_folder import RunFolder
from tools.run.seeds import child_seed
from vae_wgan.ensemble.member import Member


class TrainedMember(NamedTuple):
    """A member and the checkpoint that it was read from.

    Attributes:
        member: The member, with the checkpoint's weights.
        path: Path of the checkpoint.
        digest: sha256 of the checkpoint, for the provenance of scores.
    """

    member: Member
    path: Path
    digest: str


def member_seed(root_seed: int, member: int) -> int:
    """Seed of all random draws of one member; it depends on the root seed and its number only."""
    return child_seed(root_seed, "member", member)


def trained_checkpoints(
    folder: RunFolder, *, num_models: int, max_steps: int
) -> Iterator[Checkpoint]:
    """The last undamaged checkpoint of each member that is not left out.

    Raises:
        InputError: A member is missing or not fully trained; the message names the member.
    """
    members = working_members(folder, num_models)
    if not members:
        raise InputError(f"{folder.path}: all members failed; train again with --delete_existing")
    for member in members:
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
    """The trained members of a run folder; each checkpoint is read once.

    Args:
        model: Any member of the same kind and settings; it is not changed.
        folder: Folder that holds the members' checkpoints.
        num_models: Number of members in the ensemble.
        max_steps: Number of steps for which each member must have been trained.

    Raises:
        InputError: A member is missing, not fully trained, or was trained with other settings.
    """
    found = trained_checkpoints(folder, num_models=num_models, max_steps=max_steps)
    return [_member_of(model, checkpoint) for checkpoint in found]


def read_member(model: Member, path: Path) -> TrainedMember:
    """The member of one checkpoint; see `trained_members`.

    Raises:
        DamagedFileError: The file is damaged.
    """
    return _member_of(model, read_checkpoint(path))


def untrained_members(model: Member, *, num_models: int, seed: int) -> Iterator[Member]:
    """The members with their initial weights, before the first training step.

    Args:
        model: Gets the initial weights of each member in turn.
        num_models: Number of members in the ensemble.
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
        members: The members by number; the number determines a member's noise.
        example_set: The examples to score.
        seed: Root seed of the run.
        likelihood_only: Computes the quantities of `Member.score_likelihood` only.
    """
    return stack_members(
        score_member(member, index, example_set, seed, likelihood_only=likelihood_only)
        for index, member in enumerate(members)
    )


def score_member(
    member: Member, index: int, example_set: ExampleSet, seed: int, *, likelihood_only: bool = False
) -> dict[str, np.ndarray]:
    """The quantities [example] of member number `index`; see `score_members`."""
    noise_seed = child_seed(member_seed(seed, index), "scoring noise")
    score = member.score_likelihood if likelihood_only else member.score
    return score(example_set.examples, example_set.ids, noise_seed)


def stack_members(by_member: Iterable[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Stacks the members' quantities [example] to [member, example], by name."""
    by_member = list(by_member)
    return {key: np.stack([scores[key] for scores in by_member]) for key in by_member[0]}


def _member_of(model: Member, checkpoint: Checkpoint) -> TrainedMember:
    digest = file_digest(checkpoint.path)
    return TrainedMember(model.with_state(checkpoint.arrays), checkpoint.path, digest)
