"""Simple detectors of table rows: floors that an ensemble has to beat.

Each is fitted on normal rows and gives one score per row, higher = more anomalous. Rows are
standardised first, in float64; a column that never varies in training keeps its unit. All but
elliptic_envelope stand columns that repeat each other: covariances are shrunk or have a floor.
"""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from tools.run.seeds import child_seed

Score = Callable[[np.ndarray], np.ndarray]  # from rows [row, feature] to scores [row]
MOST_ROWS = 20_000  # that detectors which compare all pairs of rows learn from; of more, drawn ones
NEIGHBOURS, LOF_NEIGHBOURS, MIXTURE_COMPONENTS = 5, 20, 10
_BATCH = 20_000  # rows scored together, for bounded memory


def fit_table_floor(name: str, training: np.ndarray, seed: int) -> Score:
    """Fits one floor.

    Args:
        name: A key of TABLE_FLOORS.
        training: Encoded normal rows [row, feature], at least two.
        seed: Root seed of the run, for draws of rows and of the forest.

    Returns:
        Function from rows to scores float64 [row], higher = more anomalous.
    """
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(training.astype(np.float64))
    rows = scaler.transform(training.astype(np.float64))
    score = TABLE_FLOORS[name](rows, child_seed(seed, "floor", name))

    def scores(rows: np.ndarray) -> np.ndarray:
        starts = range(0, max(1, len(rows)), _BATCH)
        parts = (rows[start : start + _BATCH].astype(np.float64) for start in starts)
        return np.concatenate([score(scaler.transform(part)) for part in parts if len(part)])

    return scores


def _neighbours(
    rows: np.ndarray, seed: int, *, of_distances: Callable[[np.ndarray], np.ndarray]
) -> Score:
    from sklearn.neighbors import NearestNeighbors

    known = _drawn(rows, seed)
    found = NearestNeighbors(n_neighbors=min(NEIGHBOURS, len(known))).fit(known)
    return lambda rows: of_distances(found.kneighbors(rows)[0])


def _local_outlier_factor(rows: np.ndarray, seed: int) -> Score:
    from sklearn.neighbors import LocalOutlierFactor

    known = _drawn(rows, seed)
    count = min(LOF_NEIGHBOURS, len(known) - 1)
    detector = LocalOutlierFactor(n_neighbors=count, novelty=True).fit(known)
    return lambda rows: -detector.score_samples(rows)


def _isolation_forest(rows: np.ndarray, seed: int) -> Score:
    from sklearn.ensemble import IsolationForest

    detector = IsolationForest(random_state=seed).fit(rows)
    return lambda rows: -detector.score_samples(rows)


def _gaussian(rows: np.ndarray, seed: int) -> Score:
    """Squared Mahalanobis distance with the covariance of Ledoit and Wolf."""
    from sklearn.covariance import LedoitWolf

    del seed  # nothing is drawn
    return LedoitWolf().fit(rows).mahalanobis


def _gaussian_mixture(rows: np.ndarray, seed: int) -> Score:
    """Minus log density of ten Gaussians, with a floor under their variances for equal rows."""
    from sklearn.mixture import GaussianMixture

    known = _drawn(rows, seed)
    count = min(MIXTURE_COMPONENTS, len(known))
    mixture = GaussianMixture(count, reg_covar=1e-4, max_iter=300, random_state=seed).fit(known)
    return lambda rows: -mixture.score_samples(rows)


def _elliptic_envelope(rows: np.ndarray, seed: int) -> Score:
    """Squared Mahalanobis distance with the covariance of the most central rows."""
    from sklearn.covariance import EllipticEnvelope

    detector = EllipticEnvelope(random_state=seed).fit(_drawn(rows, seed))
    return lambda rows: -detector.score_samples(rows)


def _pca_reconstruction(rows: np.ndarray, seed: int) -> Score:
    """Squared error of the reconstruction from half as many components as there are features."""
    from sklearn.decomposition import PCA

    del seed  # nothing is drawn
    pca = PCA(max(1, rows.shape[1] // 2), svd_solver="full").fit(rows)
    return lambda rows: np.square(rows - pca.inverse_transform(pca.transform(rows))).sum(axis=1)


def _marginal_tails(rows: np.ndarray, seed: int) -> Score:
    """Sum over features of -log of the tail's share of training rows, as ECOD does it.

    The largest of three sums: left tails, right tails, and of each feature the tail on the side to
    which it is skewed (Li et al. 2022, https://arxiv.org/abs/2201.00382).
    """
    del seed  # nothing is drawn
    ordered = np.sort(rows, axis=0)
    deviations = rows - rows.mean(axis=0)
    is_left_skewed = np.mean(deviations**3, axis=0) < 0
    count = len(rows)

    def score(rows: np.ndarray) -> np.ndarray:
        left, right = np.empty(rows.shape), np.empty(rows.shape)
        for feature, known in enumerate(ordered.T):
            values = rows[:, feature]
            left[:, feature] = np.searchsorted(known, values, side="right")
            right[:, feature] = count - np.searchsorted(known, values, side="left")
        # The row itself counts, so that no share is 0.
        left, right = (-np.log((1 + tail) / (1 + count)) for tail in (left, right))
        skewed = np.where(is_left_skewed, left, right)
        return np.max([tails.sum(axis=1) for tails in (left, right, skewed)], axis=0)

    return score


def _drawn(rows: np.ndarray, seed: int) -> np.ndarray:
    """The rows, or MOST_ROWS drawn ones of more."""
    if len(rows) <= MOST_ROWS:
        return rows
    return rows[np.sort(np.random.default_rng(seed).choice(len(rows), MOST_ROWS, replace=False))]


TABLE_FLOORS: Mapping[str, Callable[[np.ndarray, int], Score]] = {
    "gaussian": _gaussian,
    "knn": partial(_neighbours, of_distances=lambda distances: distances[:, -1]),
    "isolation_forest": _isolation_forest,
    # Livernoche et al. 2024, https://arxiv.org/abs/2305.18593: the limit of many small noise steps.
    "dte_np": partial(_neighbours, of_distances=lambda distances: distances.mean(axis=1)),
    "local_outlier_factor": _local_outlier_factor,
    "marginal_tails": _marginal_tails,
    "gaussian_mixture": _gaussian_mixture,
    "elliptic_envelope": _elliptic_envelope,
    "pca_reconstruction": _pca_reconstruction,
}
