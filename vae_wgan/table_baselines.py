"""Detectors of scikit-learn on the same rows as the ensemble. They learn from the training rows."""

import hashlib
import logging
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sklearn.covariance import EllipticEnvelope
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import LocalOutlierFactor

from tools.data.example_set import ExampleSet, choose_rows
from tools.run.folder import RunFolder
from tools.run.seeds import child_seed
from tools.scores.files import is_current, write_scores

_LOG = logging.getLogger(__name__)
# The time of the outlier factor grows with the square of the training rows, the others' does not.
MOST_NEIGHBOUR_ROWS = 20_000
SCORE_BATCH = 20_000  # rows, for bounded memory


def _principal_components(training: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Squared error of the reconstruction from half as many components as there are features."""
    pca = PCA(max(1, training.shape[1] // 2), svd_solver="full").fit(training)

    def reconstruction_error(rows: np.ndarray) -> np.ndarray:
        return np.square(rows - pca.inverse_transform(pca.transform(rows))).sum(axis=1)

    return reconstruction_error


def _detector(make: Callable[[int], Any]) -> Callable[[np.ndarray, int], Callable]:
    """From the maker of a detector with `score_samples` to: fit it, give its anomaly score."""

    def fit(training: np.ndarray, seed: int) -> Callable[[np.ndarray], np.ndarray]:
        detector = make(seed).fit(training)
        return lambda rows: -detector.score_samples(rows)

    return fit


def _outlier_factor(training: np.ndarray, seed: int) -> Callable[[np.ndarray], np.ndarray]:
    everything = ExampleSet("training", training, np.arange(len(training)), "")
    rows = choose_rows(everything, MOST_NEIGHBOUR_ROWS, seed).examples
    detector = LocalOutlierFactor(n_neighbors=20, novelty=True, algorithm="brute").fit(rows)
    return lambda rows: -detector.score_samples(rows)


# From training rows [row, feature] and a seed to a function from rows to scores [row],
# higher = more anomalous.
BASELINE_FITS: dict[str, Callable] = {
    "isolation_forest": _detector(lambda seed: IsolationForest(random_state=seed)),
    "local_outlier_factor": _outlier_factor,
    "gaussian": _detector(lambda seed: GaussianMixture(1, random_state=seed)),
    "gaussian_mixture": _detector(
        lambda seed: GaussianMixture(10, random_state=seed, reg_covar=1e-4)
    ),
    "elliptic_envelope": _detector(lambda seed: EllipticEnvelope(random_state=seed)),
    "pca_reconstruction": lambda training, seed: _principal_components(training),
}


def score_baselines(
    names: Sequence[str],
    training: ExampleSet,
    example_sets: Sequence[ExampleSet],
    folder: RunFolder,
    seed: int,
) -> None:
    """Writes ensemble_scores/NAME/DATASET.npz where the files are not up to date.

    Args:
        names: Keys of BASELINE_FITS.
        training: What they learn from.
        example_sets: What is scored.
        folder: Of the run.
        seed: Root of the detectors' own draws.
    """
    trained_on = _digest(training)
    for name in names:
        provenance = {
            example_set.name: {
                "detector": name,
                "training": trained_on,
                "values": _digest(example_set),
                "seed": seed,
            }
            for example_set in example_sets
        }
        paths = {part.name: folder.ensemble_scores(name, part.name) for part in example_sets}
        if all(is_current(paths[dataset], provenance[dataset]) for dataset in paths):
            _LOG.info("%s: scores are up to date", name)
            continue
        _LOG.info("%s: fitting and scoring", name)
        score = BASELINE_FITS[name](training.examples, child_seed(seed, "baseline", name))
        for part in example_sets:
            scores = {name: _in_batches(score, part.examples)[np.newaxis]}
            write_scores(paths[part.name], scores, part.ids, provenance[part.name])


def _in_batches(score: Callable[[np.ndarray], np.ndarray], rows: np.ndarray) -> np.ndarray:
    starts = range(0, len(rows), SCORE_BATCH)
    return np.concatenate([score(rows[start : start + SCORE_BATCH]) for start in starts])


def _digest(example_set: ExampleSet) -> str:
    return hashlib.sha256(np.ascontiguousarray(example_set.examples)).hexdigest()
