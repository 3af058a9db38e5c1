"""A Gaussian of the features at each place of a picture, for maps of log likelihoods."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, Self

import numpy as np

OWN_SHRINKAGE = 0.01  # towards a multiple of the identity
PICTURES_PER_CHANNEL = 3  # below which a place's covariance is joined with that of all places
_TINY = 1e-6
_PART = 64  # pictures whose maps are in memory at once

Batches = Callable[[], Iterable[np.ndarray]]


class PlaceGaussians(NamedTuple):
    """One Gaussian per place; places are numbered row by row.

    PaDiM, Defard et al. 2020, https://arxiv.org/abs/2011.08785. Covariances are shrunk by 1 %; of
    fewer than three pictures a channel, also towards the mean covariance of all places.

    Attributes:
        mean: float32 [place, channel].
        root: float32 [place, channel, channel]; inverses of the covariances' Cholesky factors.
    """

    mean: np.ndarray
    root: np.ndarray

    @classmethod
    def unfitted(cls, places: int, channels: int) -> Self:
        """Standard normals."""
        identity = np.eye(channels, dtype=np.float32)
        return cls(np.zeros((places, channels), np.float32), np.tile(identity, (places, 1, 1)))

    @classmethod
    def fit(cls, batches: Batches) -> Self:
        """Fits in two passes over the pictures.

        Args:
            batches: Called for each pass; gives arrays [picture, place, channel].
        """
        count, total = 0, np.zeros(1)
        for batch in batches():
            count, total = count + len(batch), total + batch.sum(axis=0, dtype=np.float64)
        mean = (total / count).astype(np.float32)
        products = np.zeros((*mean.shape, mean.shape[1]), np.float32)
        for batch in batches():
            by_place = np.ascontiguousarray((batch - mean).swapaxes(0, 1))
            products += by_place.swapaxes(1, 2) @ by_place
        covariance = products / count
        return cls(mean, _inverse_roots(covariance, count))

    def log_density(self, maps: np.ndarray) -> np.ndarray:
        """Log p of the features [picture, place, channel] at each place, nats [picture, place]."""
        centred = (maps - self.mean).swapaxes(0, 1).copy()  # one place's pictures side by side
        white = centred @ self.root.swapaxes(1, 2)
        return self.highest - 0.5 * np.square(white).sum(axis=2).T

    def distances(self, maps: np.ndarray) -> np.ndarray:
        """Squared Mahalanobis distance of the features at each place, [picture, place]."""
        return 2 * (self.highest - self.log_density(maps))

    @property
    def highest(self) -> np.ndarray:
        """Log density at the mean of each place, nats [place]."""
        log_scale = np.log(np.diagonal(self.root, axis1=1, axis2=2)).sum(axis=1)
        return log_scale - 0.5 * self.mean.shape[1] * np.log(2 * np.pi)


def in_parts(
    maps: np.ndarray, channels: np.ndarray, pictures: np.ndarray | None = None
) -> Iterator[np.ndarray]:
    """Some channels of all pictures, or of these, as float32 [picture, place, channel].

    Args:
        maps: Features [picture, row, column, channel], perhaps in a file.
        channels: Numbers of the channels.
        pictures: Numbers of the pictures; None: all.
    """
    chosen = np.arange(len(maps)) if pictures is None else pictures
    for start in range(0, len(chosen), _PART):
        part = np.asarray(maps[chosen[start : start + _PART]])[..., channels]
        yield part.reshape(len(part), -1, len(channels)).astype(np.float32)


def _inverse_roots(covariance: np.ndarray, count: int) -> np.ndarray:
    """Inverse Cholesky factors [place, channel, channel] of the shrunk covariances."""
    channels = covariance.shape[1]
    own = min(1.0, count / (PICTURES_PER_CHANNEL * channels))
    joined = own * covariance + (1 - own) * covariance.mean(axis=0)
    variances = np.trace(joined, axis1=1, axis2=2)[:, np.newaxis, np.newaxis] / channels
    round = (variances + _TINY) * np.eye(channels, dtype=np.float32)
    shrunk = (1 - OWN_SHRINKAGE) * joined + OWN_SHRINKAGE * round
    return np.linalg.inv(np.linalg.cholesky(shrunk)).astype(np.float32)
