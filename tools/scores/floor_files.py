"""Score files of simple detectors, which are fitted and tested on the same examples as members."""

import logging
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from tools.data.example_set import ExampleSet
from tools.run.run_folder import RunFolder
from tools.run.stopwatch import Stopwatch
from tools.scores.floors import SIMPLE
from tools.scores.score_files import is_current, read_scores, write_scores

_LOG = logging.getLogger(__name__)
# From training examples and a root seed to a function from examples to scores [example].
Fit = Callable[[np.ndarray, int], Callable[[np.ndarray], np.ndarray]]


def write_floors(
    fits: Mapping[str, Fit],
    training: ExampleSet,
    example_sets: Sequence[ExampleSet],
    folder: RunFolder,
    seed: int,
    stopwatch: Stopwatch,
) -> dict[str, str]:
    """Writes ensemble_scores/NAME/DATASET.npz; files that are up to date stay.

    Args:
        fits: {name of a simple detector: its fit}.
        training: Examples on which the detectors are fitted.
        example_sets: Sets to score.
        folder: The run folder.
        seed: Root seed of the detectors' random draws.
        stopwatch: Measures the scoring by each detector.

    Returns:
        Why a detector could not be fitted, by its name; it costs the others nothing.
    """
    left_out = {}
    for name, fit in fits.items():
        try:
            _write_floor(name, fit, training, example_sets, folder, seed, stopwatch)
        except (ValueError, MemoryError, np.linalg.LinAlgError) as error:
            left_out[name] = " ".join(str(error).split())
            _LOG.warning("%s is left out: %s", name, left_out[name])
    return left_out


def write_joined_floor(
    example_sets: Sequence[ExampleSet], folder: RunFolder, is_simple: Callable[[str], bool]
) -> bool:
    """Writes ensemble_scores/simple/DATASET.npz: what simple detectors give to a joined score.

    It is the sum of their scores in inputs/DATASET.npz.

    Args:
        example_sets: Sets that have such files, or have not.
        folder: The run folder.
        is_simple: Whether a quantity of this name is the score of simple detectors.

    Returns:
        Whether there is anything of simple detectors.
    """
    for part in example_sets:
        path = folder.inputs(part.name)
        file = read_scores(path) if path.exists() else None
        names = [name for name in file.scores if is_simple(name)] if file else []
        if not file or not names:
            return False
        joined = np.sum([file.scores[name].mean(axis=0) for name in names], axis=0)
        provenance = {"parts": sorted(names), "inputs": file.provenance}
        path = folder.peer_scores(SIMPLE, part.name)
        write_scores(path, {SIMPLE: joined[np.newaxis]}, file.ids, provenance)
    return True


def _write_floor(
    name: str,
    fit: Fit,
    training: ExampleSet,
    example_sets: Sequence[ExampleSet],
    folder: RunFolder,
    seed: int,
    stopwatch: Stopwatch,
) -> None:
    of_all = {"detector": name, "training": training.digest, "seed": seed}
    provenance: Mapping[str, dict] = {
        part.name: of_all | {"values": part.digest} for part in example_sets
    }
    paths = {part.name: folder.peer_scores(name, part.name) for part in example_sets}
    if all(is_current(paths[dataset], provenance[dataset]) for dataset in paths):
        _LOG.info("%s: scores are up to date", name)
        return
    _LOG.info("%s: fitting and scoring", name)
    score = fit(training.examples, seed)
    for part in example_sets:
        with stopwatch.timed(name, len(part)):
            scores = {name: score(part.examples)[np.newaxis]}
        write_scores(paths[part.name], scores, part.ids, provenance[part.name])
