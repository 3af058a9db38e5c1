"""What members say of rows that none of them has seen: fitted scores are fitted on them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from anomaly.machinery.detector_input import ArgumentError
from tools.data.example_set import ExampleSet
from tools.run.run_folder import CALIBRATION, RunFolder
from tools.run.stopwatch import Stopwatch
from tools.scores.score_files import read_scores
from tools.scores.score_registry import (
    INPUT_PROPERTIES,
    NOT_OF_MEMBERS,
    needed_quantities,
    quantities_of,
    unmet_needs,
)
from vae_wgan.ensemble.member_runners import LocalRunner, ModelSource
from vae_wgan.ensemble.members import Scorer, trained_members
from vae_wgan.run.score_sets import read_calibration, score_datasets, write_input_statistics


def score_held_out(
    member: Scorer, held_out: ExampleSet, settings: Any, folder: RunFolder, score_key: str
) -> None:
    """Leaves the calibration split's files in the folder, as a run of an entry script does.

    Args:
        member: Becomes each member in turn.
        held_out: The calibration split.
        settings: Of the run.
        folder: Of the run, with its trained members.
        score_key: The fitted score that needs them.
    """
    checkpoints = trained_members(
        folder, num_models=settings.num_models, max_steps=settings.total_steps
    )
    runner = LocalRunner(ModelSource(lambda settings, data: member, settings, None))
    needed = needed_quantities([score_key])
    of_members = needed - NOT_OF_MEMBERS
    score_datasets(runner, checkpoints, [held_out], settings, folder, of_members, pictures=False)
    if needed.intersection(INPUT_PROPERTIES):
        write_input_statistics([held_out], settings.likelihood, folder, Stopwatch())


def held_out_statistics(
    folder: RunFolder, checkpoints: Sequence[Path], settings: Any, score_key: str
) -> dict[str, np.ndarray]:
    """What a fitted score needs of the calibration split: float64 [member or 1, row] by name.

    Raises:
        InputError: The files are missing, or of other members.
        ArgumentError: They lack something.
    """
    known = dict(read_calibration(folder, checkpoints, settings).scores)
    if folder.inputs(CALIBRATION).exists():
        known |= read_scores(folder.inputs(CALIBRATION)).scores
    if lacking := unmet_needs(score_key, known):
        raise ArgumentError(
            f"score={score_key!r} needs {', '.join(lacking)}, which the calibration split's files"
            f" in {folder.path} lack; run with --skip_train=True --score_keys={score_key}"
        )
    found = quantities_of([score_key], known)
    return {name: values.astype(np.float64) for name, values in found.items()}
