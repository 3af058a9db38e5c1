"""The simple detectors of a run on images: fits them once and scores all sets."""

import logging
from collections.abc import Sequence

from tools.data.example_set import ExampleSet
from tools.files.whole_files import write_npz
from tools.run.run_folder import RunFolder
from tools.run.stopwatch import Stopwatch
from tools.run.timings import record_costs
from tools.scores.pictures.picture_ensemble import PictureEnsemble
from tools.scores.score_files import is_current, read_scores, write_scores
from tools.scores.score_registry import SIMPLE_PARTS
from tools.scores.simple_detectors import simple_quantities

_LOG = logging.getLogger(__name__)


def score_pictures(
    folder: RunFolder, training: ExampleSet, example_sets: Sequence[ExampleSet], seed: int
) -> None:
    """Adds the parts of `PictureEnsemble` to inputs/DATASET.npz, and writes what was learned.

    Files that are up to date stay.

    Args:
        folder: The run folder, with the input properties of all sets.
        training: Images on which the detectors are fitted.
        example_sets: Sets to score, including the calibration split.
        seed: Root seed of the run.
    """
    added = {"pictures": training.digest, "pictures_seed": seed}
    stale = [
        part
        for part in example_sets
        if not is_current(folder.inputs(part.name), added | {"values": part.digest}, [SIMPLE_PARTS])
    ]
    if not stale and folder.simple_ensemble().exists():
        _LOG.info("simple detectors of pictures: scores are up to date")
        return
    _LOG.info("simple detectors of pictures: fitting and scoring")
    ensemble, stopwatch = PictureEnsemble.fit(training.examples, seed), Stopwatch()
    write_npz(folder.simple_ensemble(), ensemble.state)
    for part in example_sets:
        file = read_scores(folder.inputs(part.name))
        with stopwatch.timed("simple", len(part)):
            parts = simple_quantities(ensemble, part.examples)
        write_scores(
            folder.inputs(part.name), {**file.scores, **parts}, file.ids, file.provenance | added
        )
    record_costs(folder, stopwatch.per_thousand())
