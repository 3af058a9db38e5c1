"""The simple detectors of a run on images: fits them once and scores all sets."""

import logging
from collections.abc import Sequence

import numpy as np

from tools.data.example_set import ExampleSet
from tools.files.whole_files import write_npz
from tools.run.run_folder import RunFolder
from tools.run.stopwatch import Stopwatch
from tools.run.timings import record_costs
from tools.scores.pictures.looks import reduced
from tools.scores.pictures.picture_ensemble import MOST_IMAGES, PictureEnsemble
from tools.scores.score_files import is_current, read_arrays, read_scores, write_scores
from tools.scores.score_registry import SIMPLE_PARTS

_LOG = logging.getLogger(__name__)


def score_simple_pictures(
    folder: RunFolder,
    training: ExampleSet,
    calibration: ExampleSet,
    example_sets: Sequence[ExampleSet],
    seed: int,
) -> PictureEnsemble:
    """Adds the parts of `PictureEnsemble` to inputs/DATASET.npz, and writes what was learned.

    If there are few images, the detectors learn from the calibration images too, and score each of
    these by models that left it out. Files that are up to date stay.

    Args:
        folder: The run folder, with the input properties of all sets.
        training: Images on which the detectors are fitted.
        calibration: The calibration split, one of the sets.
        example_sets: Sets to score.
        seed: Root seed of the run.

    Returns:
        The fitted detectors.
    """
    added = {"pictures": training.digest, "more": calibration.digest, "pictures_seed": seed}
    stale = [
        part
        for part in example_sets
        if not is_current(folder.inputs(part.name), added | {"values": part.digest}, [SIMPLE_PARTS])
    ]
    if not stale and folder.simple_ensemble().exists():
        _LOG.info("simple detectors of pictures: scores are up to date")
        return PictureEnsemble(read_arrays(folder.simple_ensemble()))
    _LOG.info("simple detectors of pictures: fitting and scoring")
    learned = training.examples
    if are_few := len(training) + len(calibration) <= MOST_IMAGES:
        both = (np.asarray(part.examples) for part in (training, calibration))
        learned = np.concatenate([reduced(images) for images in both])
    groups = _groups((training, calibration) if are_few else (training,))
    ensemble = PictureEnsemble.fit(learned, seed, groups)
    write_npz(folder.simple_ensemble(), ensemble.state)
    left_out = {name: values[len(training) :] for name, values in ensemble.held_out.items()}
    stopwatch = Stopwatch()
    for part in example_sets:
        with stopwatch.timed("simple", len(part)):
            is_known = are_few and part.name == calibration.name
            scores = left_out if is_known else ensemble.scores(part.examples)
        file = read_scores(folder.inputs(part.name))
        parts = {f"{SIMPLE_PARTS}{name}": values[np.newaxis] for name, values in scores.items()}
        write_scores(
            folder.inputs(part.name), {**file.scores, **parts}, file.ids, file.provenance | added
        )
    record_costs(folder, stopwatch.per_thousand())
    return ensemble


def _groups(sets: Sequence[ExampleSet]) -> np.ndarray | None:
    """Number of the thing that each picture of the sets shows; None: not known, or one is most."""
    if any(part.groups is None for part in sets):
        return None
    groups = np.concatenate([part.groups for part in sets])
    numbers = np.unique(groups, return_inverse=True)[1]
    return None if 2 * np.bincount(numbers).max() > len(numbers) else numbers
