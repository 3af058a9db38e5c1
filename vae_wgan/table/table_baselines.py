"""Simple baseline detectors, fitted and tested on the same rows as the ensemble."""

import logging
from collections.abc import Mapping, Sequence

import numpy as np

from tools.data.example_set import ExampleSet
from tools.run.run_folder import RunFolder
from tools.scores.score_files import is_current, write_scores
from tools.scores.table_floors import fit_table_floor

_LOG = logging.getLogger(__name__)


def score_baselines(
    names: Sequence[str],
    training: ExampleSet,
    example_sets: Sequence[ExampleSet],
    folder: RunFolder,
    seed: int,
) -> dict[str, str]:
    """Writes ensemble_scores/NAME/DATASET.npz; files that are up to date stay.

    Args:
        names: Keys of TABLE_FLOORS.
        training: Rows on which the detectors are fitted.
        example_sets: Sets to score.
        folder: The run folder.
        seed: Root seed of the detectors' random draws.

    Returns:
        Why a detector could not be fitted, by its name; it costs the others nothing.
    """
    left_out = {}
    for name in names:
        try:
            _score_baseline(name, training, example_sets, folder, seed)
        except (ValueError, np.linalg.LinAlgError) as error:
            left_out[name] = " ".join(str(error).split())
            _LOG.warning("%s is left out: %s", name, left_out[name])
    return left_out


def _score_baseline(
    name: str,
    training: ExampleSet,
    example_sets: Sequence[ExampleSet],
    folder: RunFolder,
    seed: int,
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
    score = fit_table_floor(name, training.examples, seed)
    for part in example_sets:
        scores = {name: score(part.examples)[np.newaxis]}
        write_scores(paths[part.name], scores, part.ids, provenance[part.name])
