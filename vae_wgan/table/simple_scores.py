"""The simple detectors of a run on a table: fits them once and scores all sets."""

import logging
import time
from collections.abc import Sequence

import numpy as np

from tools.data.example_set import ExampleSet
from tools.data.tables.table_encoder import TableEncoder
from tools.files.whole_files import write_npz
from tools.run.run_folder import RunFolder
from tools.run.timings import record_costs
from tools.scores.floors import SIMPLE
from tools.scores.score_files import is_current, write_scores
from tools.scores.simple.feature_spaces import columns_of
from tools.scores.simple.simple_ensemble import SimpleEnsemble, scores_without_own_fold

_LOG = logging.getLogger(__name__)


def score_simple(
    folder: RunFolder,
    training: ExampleSet,
    example_sets: Sequence[ExampleSet],
    encoder: TableEncoder,
    seed: int,
) -> None:
    """Writes inputs/DATASET.npz and the fitted detectors; files that are up to date stay.

    A training row that is among those to be scored is scored by fits without it.

    Args:
        folder: The run folder, with a manifest.
        training: Encoded normal rows on which the detectors are fitted.
        example_sets: Sets to score, including the calibration split.
        encoder: Encoder of all these rows.
        seed: Root seed of the run.
    """
    of_all = {"detector": SIMPLE, "training": training.digest, "seed": seed}
    provenances = {part.name: of_all | {"values": part.digest} for part in example_sets}
    is_there = folder.simple_ensemble().exists()
    if is_there and all(is_current(folder.inputs(name), provenances[name]) for name in provenances):
        _LOG.info("simple detectors: scores are up to date")
        return
    _LOG.info("simple detectors: fitting and scoring")
    ensemble = SimpleEnsemble.fit(training.examples, columns_of(encoder), seed)
    write_npz(folder.simple_ensemble(), ensemble.state)
    started = time.perf_counter()
    for part in example_sets:
        scores = ensemble.scores(part.examples)
        is_known = np.isin(part.ids, training.ids) & (part.checksum == training.checksum)
        if is_known.any():
            own = scores_without_own_fold(training.examples, columns_of(encoder), seed)
            scores[is_known] = own[np.searchsorted(training.ids, part.ids[is_known])]
        lines = {SIMPLE: scores[np.newaxis].astype(np.float32)}
        write_scores(folder.inputs(part.name), lines, part.ids, provenances[part.name])
    seconds = time.perf_counter() - started
    record_costs(folder, {SIMPLE: 1000 * seconds / sum(map(len, example_sets))})
