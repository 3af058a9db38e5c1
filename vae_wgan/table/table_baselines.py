"""Baseline detectors of scikit-learn, fitted and tested on the same rows as the ensemble."""

import logging
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sklearn.covariance import EllipticEnvelope
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import LocalOutlierFactor

from tools.data.example_set import ExampleSet
from tools.run.run_folder import RunFolder
from tools.run.seeds import child_seed
from tools.scores.score_files import is_current, write_scores

_LOG = logging.getLogger(__name__)
# Limit for the slow detectors: the outlier factor compares all pairs of training rows, the mixture
# and the envelope pass over them hundreds of times. They are fitted on a random subset this large.
MOST_ROWS = 20_000
SCORE_BATCH = 20_000  # rows, for bounded memory


def _principal_components(training: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """PCA with half as many components as features: squared reconstruction error [row]."""
    pca = PCA(max(1, training.shape[1] // 2), svd_solver="full").fit(training)

    def reconstruction_error(rows: np.ndarray) -> np.ndarray:
        return np.square(rows - pca.inverse_transform(pca.transform(rows))).sum(axis=1)

    return reconstruction_error


def _detector(
    make: Callable[[int], Any], most_rows: int | None = None
) -> Callable[[np.ndarray, int], Callable]:
    """Wraps a detector as fit(training, seed) -> score(rows), higher = more anomalous.

    Args:
        make: Maps a seed to an unfitted detector of scikit-learn with `score_samples`.
        most_rows: Largest number of training rows, drawn at random; None: all rows.
    """

    def fit(training: np.ndarray, seed: int) -> Callable[[np.ndarray], np.ndarray]:
        rows = training
        if most_rows is not None and len(training) > most_rows:
            chosen = np.random.default_rng(seed).choice(len(training), most_rows, replace=False)
            rows = training[np.sort(chosen)]
        detector = make(seed).fit(rows)
        return lambda rows: -detector.score_samples(rows)

    return fit


def _mixture(components: int, **options: Any) -> Callable[[int], GaussianMixture]:
    return lambda seed: GaussianMixture(components, random_state=seed, **options)


# fit(training rows [row, feature], seed) -> score(rows) [row], higher = more anomalous.
BASELINE_FITS: dict[str, Callable] = {
    "isolation_forest": _detector(lambda seed: IsolationForest(random_state=seed)),
    "local_outlier_factor": _detector(
        lambda seed: LocalOutlierFactor(n_neighbors=20, novelty=True, algorithm="brute"), MOST_ROWS
    ),
    "gaussian": _detector(_mixture(1)),
    # reg_covar: a lower bound on variances, since a component may fall on a few equal rows.
    "gaussian_mixture": _detector(_mixture(10, reg_covar=1e-4, max_iter=300), MOST_ROWS),
    "elliptic_envelope": _detector(lambda seed: EllipticEnvelope(random_state=seed), MOST_ROWS),
    "pca_reconstruction": lambda training, seed: _principal_components(training),
}


def score_baselines(
    names: Sequence[str],
    training: ExampleSet,
    example_sets: Sequence[ExampleSet],
    folder: RunFolder,
    seed: int,
) -> None:
    """Writes ensemble_scores/NAME/DATASET.npz; files that are up to date stay.

    Args:
        names: Keys of BASELINE_FITS.
        training: Rows on which the detectors are fitted.
        example_sets: Sets to score.
        folder: The run folder.
        seed: Root seed of the detectors' random draws.
    """
    trained_on = training.digest
    for name in names:
        provenance = {
            example_set.name: {
                "detector": name,
                "training": trained_on,
                "values": example_set.digest,
                "seed": seed,
            }
            for example_set in example_sets
        }
        paths = {part.name: folder.peer_scores(name, part.name) for part in example_sets}
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
