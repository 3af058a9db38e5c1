"""Scores the intermediate checkpoints of a training, for curves over the training steps."""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from tools.data.example_set import ExampleSet
from tools.files.whole_files import DamagedFileError
from tools.run.checkpoints import checkpoints_by_step
from tools.run.member_faults import working_members
from tools.run.run_folder import RunFolder
from vae_wgan.ensemble.member import Member
from vae_wgan.ensemble.members import TrainedMember, read_member, score_members
from vae_wgan.run.score_sets import score_datasets
from vae_wgan.settings.any_settings import AnySettings

_LOG = logging.getLogger(__name__)
EXAMPLES = 200  # per set: all steps together then cost about as much as the run's own scores


def score_history(
    model: Member,
    example_sets: Sequence[ExampleSet],
    settings: AnySettings,
    folder: RunFolder,
) -> list[int]:
    """Writes history/STEP/scores/DATASET.npz for each step at which all members have a checkpoint.

    Files that are up to date stay.

    Args:
        model: Any member of the run; it is not changed.
        example_sets: Sets; EXAMPLES rows of each are scored.
        settings: Settings of the run.
        folder: The run folder.

    Returns:
        The scored steps in ascending order.
    """
    checkpoints = {
        step: paths
        for step, paths in common_checkpoints(folder, settings.num_models).items()
        # A checkpoint written at a signal would not exist in an uninterrupted run.
        if step % settings.viz_steps == 0 or step == settings.total_steps
    }
    if len(checkpoints) < -(-settings.total_steps // settings.viz_steps):
        words = ", ".join(map(str, checkpoints))
        _LOG.info("history: only steps %s were kept; --history in training keeps all", words)
    parts = [example_set.spread(EXAMPLES) for example_set in example_sets]
    scored = []
    for step, paths in checkpoints.items():
        _LOG.info("history: step %d", step)
        try:
            members = [read_member(model, path) for path in paths]
        except DamagedFileError as error:
            _LOG.warning("history: step %d is left out: a checkpoint is damaged (%s)", step, error)
            continue
        score_datasets(_likelihoods, members, parts, settings, folder.history(step), pictures=False)
        scored.append(step)
    return scored


def _likelihoods(
    members: Sequence[TrainedMember], example_sets: Sequence[ExampleSet], seed: int
) -> Iterator[tuple[ExampleSet, dict[str, np.ndarray]]]:
    """Yields each set with the members' quantities of the likelihood pass, in this process."""
    for example_set in example_sets:
        scorers = [one.member for one in members]
        yield example_set, score_members(scorers, example_set, seed, likelihood_only=True)


def common_checkpoints(folder: RunFolder, num_models: int) -> dict[int, list[Path]]:
    """Checkpoint paths {step: [member]} of the steps that all members have, in ascending order."""
    members = working_members(folder, num_models)
    by_member = [checkpoints_by_step(folder.member(member)) for member in members]
    steps = sorted(set.intersection(*map(set, by_member)))
    return {step: [paths[step] for paths in by_member] for step in steps}
