"""Simple detectors of table rows as one score: nearest rows, a mixture, and marginal shares.

Each detector's score is standardised by its cross-fitted scores of the training rows; the score of
the ensemble is a weighted mean of these. The weights were chosen once, on 21 tables of ADBench, and
not by the table (docs/own_tables.md).
"""

from collections.abc import Callable, Mapping
from typing import Self

import numpy as np

from tools.run.seeds import child_seed
from tools.scores.conformal import left_out_scores
from tools.scores.simple.densities import Mixture, fit_marginals, fit_mixture, mixture_score
from tools.scores.simple.feature_spaces import Columns
from tools.scores.simple.nearest_rows import NEAREST_GROUPS, NearestRows

MOST_ROWS = 10_000  # that it learns from; of more, drawn ones
MOST_HELD_OUT = 5_000  # training rows whose held-out scores standardise
FOLDS = 4
GROUPS = (*NEAREST_GROUPS, "mixture", "marginals")
GROUP_WEIGHTS = {"neighbours": 3.0, "whitened": 1.0, "local": 1.0, "mixture": 1.0, "marginals": 1.0}
# Weight of each score [score]; they sum to one, and a group shares its weight among its scores.
WEIGHTS = np.array([GROUP_WEIGHTS[group] / GROUPS.count(group) for group in GROUPS])
WEIGHTS /= WEIGHTS.sum()
_BATCH = 10_000  # rows scored together, for bounded memory


class SimpleEnsemble:
    """Fitted detectors; the arrays of `state` determine them.

    Args:
        state: Arrays by name, from `state` of another one.
    """

    def __init__(self, state: Mapping[str, np.ndarray]):
        self.state = dict(state)
        training = self.state["training"]
        columns = Columns(*(self.state[name] for name in Columns._fields))
        mixture = Mixture(*(self.state[name] for name in Mixture._fields))
        self._nearest = NearestRows(training, columns, min(len(training), MOST_HELD_OUT))
        self._densities = [
            mixture_score(mixture, training, columns),
            fit_marginals(training, columns),
        ]
        held_out = np.concatenate([self._nearest.held_out, self.state["held_out_densities"]])
        self._mean = held_out.mean(axis=1, keepdims=True)
        self._scale = held_out.std(axis=1, keepdims=True) + 1e-9
        self.held_out = self._joined(held_out)

    @classmethod
    def fit(cls, training: np.ndarray, columns: Columns, seed: int) -> Self:
        """Fits on normal rows.

        Args:
            training: Encoded rows [row, feature], at least two.
            columns: What their features are.
            seed: Root seed of the run, for draws of rows and the mixture's start.
        """
        rng = np.random.default_rng(child_seed(seed, "simple ensemble"))
        rows = training[rng.permutation(len(training))[:MOST_ROWS]]
        mixture_seed = child_seed(seed, "mixture")
        mixture = fit_mixture(rows, columns, mixture_seed)

        def fit_mixture_score(rows: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
            own = fit_mixture(rows, columns, mixture_seed, start=mixture)
            return mixture_score(own, rows, columns)

        fold_of, count = np.arange(len(rows)) % FOLDS, min(len(rows), MOST_HELD_OUT)
        held_out = [
            left_out_scores(fit, rows.__getitem__, fold_of, count)
            for fit in (fit_mixture_score, lambda rows: fit_marginals(rows, columns))
        ]
        state = {"training": rows, "held_out_densities": np.array(held_out)}
        return cls(state | columns._asdict() | mixture._asdict())

    def parts(self, rows: np.ndarray) -> np.ndarray:
        """The detectors' scores of encoded rows, float64 [score, row], in the order of GROUPS."""
        starts = range(0, max(1, len(rows)), _BATCH)
        batches = [rows[start : start + _BATCH] for start in starts]
        return np.concatenate([self._parts(batch) for batch in batches], axis=1)

    def scores_of_few(self, rows: np.ndarray) -> np.ndarray:
        """As `scores`, of few rows without infinite numbers, in one go."""
        return self._joined(self._parts_of_few(rows))

    def scores(self, rows: np.ndarray) -> np.ndarray:
        """The score of encoded rows, float64 [row], higher = more anomalous.

        It is in standard deviations of a detector's held-out scores, about 0 for normal rows, and
        infinite for a row with a number that is not finite.
        """
        is_finite = np.isfinite(rows).all(axis=1)
        scores = np.full(len(rows), np.inf)
        scores[is_finite] = self._joined(self.parts(rows[is_finite]))
        return scores

    def _parts(self, rows: np.ndarray) -> np.ndarray:
        return self._parts_of_few(rows) if len(rows) else np.empty((len(GROUPS), 0))

    def _parts_of_few(self, rows: np.ndarray) -> np.ndarray:
        densities = [score(rows) for score in self._densities]
        return np.concatenate([self._nearest.scores(rows), np.stack(densities)])

    def _joined(self, parts: np.ndarray) -> np.ndarray:
        return WEIGHTS @ ((parts - self._mean) / self._scale)


def scores_without_own_fold(training: np.ndarray, columns: Columns, seed: int) -> np.ndarray:
    """Scores of training rows, each by detectors that did not learn from it, float64 [row]."""

    def fit(rows: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        return SimpleEnsemble.fit(rows, columns, seed).scores

    order = np.random.default_rng(child_seed(seed, "folds of rows")).permutation(len(training))
    return left_out_scores(fit, training.__getitem__, order % FOLDS)
