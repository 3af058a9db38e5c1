"""Scores the checkpoints that training has left on its way, for curves over the steps."""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from tools.data.example_set import ExampleSet
from tools.files.whole_files import DamagedFileError
from tools.run.checkpoints import checkpoints_by_step
from tools.run.run_folder import RunFolder
from vae_wgan.ensemble.members import Scorer, score_ensemble
from vae_wgan.run.score_sets import ScoringSettings, score_datasets

_LOG = logging.getLogger(__name__)
EXAMPLES = 200  # of a set: all steps together cost about as much as the run's own scores


class HistorySettings(ScoringSettings, Protocol):
    """The settings that the steps depend on."""

    num_models: int
    viz_steps: int
    total_steps: int


class _Likelihoods:
    """What scores with the likelihood alone, in this process, of a model that has more passes."""

    def __init__(self, scorer: Scorer):
        self.load_state = scorer.load_state
        self.score = getattr(scorer, "score_likelihood", scorer.score)

    def scores(
        self, checkpoints: Sequence[Path], example_sets: Sequence[ExampleSet], seed: int
    ) -> Iterator[tuple[ExampleSet, dict[str, np.ndarray]]]:
        """As those of a runner."""
        for example_set in example_sets:
            yield example_set, score_ensemble(self, checkpoints, example_set, seed)


def score_history(
    scorer: Scorer,
    example_sets: Sequence[ExampleSet],
    settings: HistorySettings,
    folder: RunFolder,
) -> list[int]:
    """Writes history/STEP/scores/DATASET.npz of each step that all members have a checkpoint of.

    Files that are up to date stay.

    Args:
        scorer: Becomes each member in turn.
        example_sets: To be scored; some rows of each.
        settings: Of the run.
        folder: Of the run.

    Returns:
        The steps, first to last.
    """
    checkpoints = {
        step: paths
        for step, paths in common_checkpoints(folder, settings.num_models).items()
        # One of a stop by a signal is none of an uninterrupted run.
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
            score_datasets(
                _Likelihoods(scorer), paths, parts, settings, folder.history(step), pictures=False
            )
        except DamagedFileError as error:
            _LOG.warning("history: step %d is left out: a checkpoint is damaged (%s)", step, error)
            continue
        scored.append(step)
    return scored


def common_checkpoints(folder: RunFolder, num_models: int) -> dict[int, list[Path]]:
    """The members' files {step: [member]} of the steps that all of them have, first to last."""
    by_member = [checkpoints_by_step(folder.member(member)) for member in range(num_models)]
    steps = sorted(set.intersection(*map(set, by_member)))
    return {step: [paths[step] for paths in by_member] for step in steps}
