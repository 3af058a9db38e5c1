"""What a member learns of the features of places, in closed form: Gaussians, their distances."""

from typing import NamedTuple, Self

import numpy as np

from tools.scores.pictures.smoothing import smoothed
from vae_wgan.features.place_gaussians import PlaceGaussians, in_parts

SMOOTHING = 1 / 27  # of maps, in shares of a side
_LEAST_DISTANCE = 1e-3  # added before the logarithm, against equal pictures
_TINY = 1e-6


class PlaceDensities(NamedTuple):
    """Gaussians of some channels at each place, and how far normal pictures are.

    Attributes:
        channels: int64 [channel]: which channels the Gaussians have.
        mean, root: The Gaussians; see `PlaceGaussians`.
        level: float32 []: mean log density of pictures that the Gaussians were not fitted on.
        centre, spread: float32 []: mean and standard deviation of these pictures' log distances.
    """

    channels: np.ndarray
    mean: np.ndarray
    root: np.ndarray
    level: np.ndarray
    centre: np.ndarray
    spread: np.ndarray

    @classmethod
    def unfitted(cls, channels: np.ndarray, grid: tuple[int, int]) -> Self:
        """The shapes of all arrays, before any picture was seen."""
        gaussians = PlaceGaussians.unfitted(grid[0] * grid[1], len(channels))
        zero, one = np.zeros((), np.float32), np.ones((), np.float32)
        return cls(channels, *gaussians, zero, zero, one)

    def fit(self, maps: np.ndarray, is_left_out: np.ndarray) -> Self:
        """Fits all but the channels.

        Args:
            maps: Features [picture, row, column, channel] of the training pictures.
            is_left_out: bool [picture]: pictures that the Gaussians are not fitted on; they tell
                how far new normal pictures are.
        """
        known, left_out = np.flatnonzero(~is_left_out), np.flatnonzero(is_left_out)
        gaussians = PlaceGaussians.fit(lambda: in_parts(maps, self.channels, known))
        fitted = self._replace(mean=gaussians.mean, root=gaussians.root)
        density = fitted.log_densities(maps, left_out)
        logs = fitted._log_distances(density)
        values = (density.mean(), logs.mean(), logs.std() + _TINY)
        level, centre, spread = (np.asarray(value, np.float32) for value in values)
        return fitted._replace(level=level, centre=centre, spread=spread)

    def log_densities(self, maps: np.ndarray, pictures: np.ndarray | None = None) -> np.ndarray:
        """Log density at each place, nats [picture, row, column], of all or of these pictures."""
        gaussians = self.gaussians
        parts = [gaussians.log_density(part) for part in in_parts(maps, self.channels, pictures)]
        return np.concatenate(parts).reshape(-1, *maps.shape[1:3])

    @property
    def gaussians(self) -> PlaceGaussians:
        """The Gaussians of all places."""
        return PlaceGaussians(self.mean, self.root)

    def strangeness(self, density: np.ndarray) -> np.ndarray:
        """Log distances [picture, row, column] in deviations of pictures that were left out."""
        distances = self._log_distances(density)
        return ((distances - self.centre) / self.spread).astype(np.float32)

    def _log_distances(self, density: np.ndarray) -> np.ndarray:
        """Logarithms of smoothed squared Mahalanobis distances, [picture, row, column].

        Distances have heavy tails; of their logarithms, deviations are comparable.
        """
        highest = self.gaussians.highest.reshape(density.shape[1:])
        distances = np.maximum(2 * (highest - density), 0)
        return np.log(smoothed(distances, SMOOTHING * max(density.shape[1:])) + _LEAST_DISTANCE)
