"""A Gaussian of pooled features, whose leading components are left to a flow."""

from typing import NamedTuple, Self

import numpy as np

MOST_AXES = 512
PICTURES_PER_COMPONENT = 4  # at least; of fewer pictures a flow gets fewer components
_SCALE_FLOOR = 0.01  # of a feature, in mean scales of all features
_TINY = 1e-9


class PooledSpace(NamedTuple):
    """Principal axes of pooled features, with a shrunk covariance (Ledoit and Wolf 2004).

    A flow models the leading components, in which normal pictures vary most. What is odd in a
    picture is mostly in the others, where normal pictures hardly vary: these are a Gaussian.

    Attributes:
        centre: float32 [feature].
        scale: float32 [feature]; what is left of the centre is divided by it.
        axes: float32 [feature, axis], of length 1; zero where there were too few pictures.
        variances: float64 [axis].
        further: float64 []: variance in all directions without an axis.
        leading: int64 []: number of components that are left to the flow.
    """

    centre: np.ndarray
    scale: np.ndarray
    axes: np.ndarray
    variances: np.ndarray
    further: np.ndarray
    leading: np.ndarray

    @classmethod
    def unfitted(cls, features: int) -> Self:
        """The shapes of all arrays: a standard normal."""
        count = min(MOST_AXES, features)
        zeros, ones = np.zeros(features, np.float32), np.ones(features, np.float32)
        axes = np.eye(features, count, dtype=np.float32)
        return cls(zeros, ones, axes, np.ones(count), np.ones(()), np.zeros((), np.int64))

    @classmethod
    def fit(cls, pooled: np.ndarray, components: int) -> Self:
        """Fits to pooled features [picture, feature]; a flow takes at most so many components."""
        from sklearn.covariance import ledoit_wolf_shrinkage

        count, size = pooled.shape
        centre, deviation = (getattr(pooled, name)(0, np.float64) for name in ("mean", "std"))
        scale = deviation + _SCALE_FLOOR * deviation.mean() + _TINY
        rows = (pooled - centre) / scale
        _, lengths, found = np.linalg.svd(rows, full_matrices=False)
        shrinkage = ledoit_wolf_shrinkage(rows, assume_centered=True) + _TINY
        values = np.square(lengths) / count
        mean = values.sum() / size + _TINY
        shrunk = np.full(size, shrinkage * mean)
        shrunk[: len(values)] += (1 - shrinkage) * values
        space = cls.unfitted(size)
        kept = min(len(found), len(space.variances))
        axes = np.zeros_like(space.axes)
        axes[:, :kept] = found[:kept].T
        further = shrunk[kept:].mean() if kept < size else 1.0
        variances = np.where(np.arange(len(space.variances)) < kept, shrunk[: axes.shape[1]], 1.0)
        leading = min(components, count // PICTURES_PER_COMPONENT, kept)
        return cls(
            centre.astype(np.float32),
            scale.astype(np.float32),
            axes,
            variances,
            np.asarray(further),
            np.asarray(leading),
        )

    def standardised(self, pooled: np.ndarray) -> np.ndarray:
        """Features less their centre, over their scale: float32 [picture, feature]."""
        return (pooled - self.centre) / self.scale

    def whitened(self, pooled: np.ndarray) -> np.ndarray:
        """All components, each divided by its deviation: float32 [picture, axis]."""
        codes = self.standardised(pooled) @ self.axes
        return (codes / np.sqrt(self.variances)).astype(np.float32)

    def flow_rows(self, pooled: np.ndarray, components: int) -> np.ndarray:
        """Whitened leading components, float32 [picture, component]; further ones are 0."""
        return self.whitened(pooled)[:, :components] * (np.arange(components) < self.leading)

    def log_density(self, pooled: np.ndarray) -> np.ndarray:
        """Log density of all but the leading components, nats [picture].

        With the log density of the whitened leading components it is that of the standardised
        features.
        """
        rows = self.standardised(pooled).astype(np.float64)
        codes, lead = rows @ self.axes, int(self.leading)
        known = np.square(codes)
        beyond = np.maximum(np.square(rows).sum(axis=1) - known.sum(axis=1), 0)
        distances = (known / self.variances)[:, lead:].sum(axis=1) + beyond / self.further
        size, used = len(self.scale), int(np.any(self.axes, axis=0).sum())
        log_scale = np.log(self.variances).sum() + (size - used) * np.log(self.further)
        return -0.5 * (distances + log_scale + (size - lead) * np.log(2 * np.pi))
