"""Simple models of one set of normal pictures: what they say of others, by score and by map."""

from collections.abc import Mapping
from typing import NamedTuple, Self

import numpy as np
from sklearn.decomposition import PCA

from tools.scores.image_floors import (
    NEIGHBOURS,
    log_power_spectrum,
    property_rows,
    standardised_distance,
)
from tools.scores.nearest import nearest
from tools.scores.pictures.looks import LOOKS
from tools.scores.pictures.maps import SMOOTHING, log_error_map
from tools.scores.pictures.near_copies import fingerprints

# Components: a third of the pictures, and at most the larger of 64 and a twentieth of the values.
_RANK_SHARE, RANK, _VALUES_PER_RANK = 3, 64, 20
_NOISE_RANK = 20  # component whose variance is the noise that the denoised look is freed from
SCORED_LOOKS = ("photo", "plain")  # of the maps whose maxima are scores
# Look of each part of the heat map, and its smoothing in pixels.
HEAT_PARTS = (("contrast", 1.5), ("contrast", 3.0), ("denoised", 3.0))
_LEAST = 1e-6  # added before logarithms


class Features(NamedTuple):
    """What all models see of pictures, computed once: rows [picture, value] of each.

    Attributes:
        looks: Rows by name of the look.
        spectrum: Log power at each frequency.
        properties: The four input properties.
        fingerprints: Local contrast; products are correlations.
        shape: Height, width, channels.
    """

    looks: Mapping[str, np.ndarray]
    spectrum: np.ndarray
    properties: np.ndarray
    fingerprints: np.ndarray
    shape: tuple[int, ...]

    @classmethod
    def of(cls, images: np.ndarray) -> Self:
        """Features of pictures [picture, height, width, channel] in [0, 1]."""
        return cls(
            {name: look(images) for name, look in LOOKS.items()},
            log_power_spectrum(images),
            property_rows(images),
            fingerprints(images),
            images.shape[1:],
        )

    def take(self, rows: np.ndarray) -> Self:
        """The features of the pictures with these numbers."""
        return self._replace(
            looks={name: values[rows] for name, values in self.looks.items()},
            spectrum=self.spectrum[rows],
            properties=self.properties[rows],
            fingerprints=self.fingerprints[rows],
        )


class Views(NamedTuple):
    """Maps [picture, height, width] and scores [picture], by name; higher = more anomalous."""

    maps: Mapping[str, np.ndarray]
    scores: Mapping[str, np.ndarray]


class _Components(NamedTuple):
    """Components [component, value], their variances [component], and the mean [value]."""

    components: np.ndarray
    variances: np.ndarray
    mean: np.ndarray

    @classmethod
    def fit(cls, rows: np.ndarray, rank: int, seed: int) -> Self:
        pca = PCA(rank, svd_solver="randomized", random_state=seed).fit(rows)
        return cls(pca.components_, pca.explained_variance_, pca.mean_)

    def codes(self, rows: np.ndarray) -> np.ndarray:
        return (rows - self.mean) @ self.components.T

    def rows(self, codes: np.ndarray) -> np.ndarray:
        return codes @ self.components + self.mean


class PictureModels:
    """Principal components of three looks, nearest neighbours, spectrum, properties, near copies.

    Args:
        known: Features of normal pictures, of at least one.
        seed: Seed of the search for principal components.
    """

    def __init__(self, known: Features, seed: int):
        count, values = known.looks["plain"].shape
        most = max(RANK, values // _VALUES_PER_RANK)
        rank = max(1, min(count // _RANK_SHARE, most, values))
        ranks = {"plain": rank, "photo": rank, "contrast": min(rank, RANK)}
        with np.errstate(divide="ignore", invalid="ignore"):  # one picture, or all the same
            self._components = {
                name: _Components.fit(rows, ranks[name], seed) for name, rows in known.looks.items()
            }
        self._known = self._components["photo"].codes(known.looks["photo"])[:, :RANK]
        self._fingerprints = known.fingerprints
        self._spectrum = standardised_distance(known.spectrum)
        self._properties = standardised_distance(known.properties)

    def __call__(self, features: Features) -> Views:
        """Views of pictures of the same shape."""
        rows = features.looks
        codes = {name: self._components[name].codes(rows[name]) for name in rows}
        squares = {
            name: np.square(rows[name] - self._components[name].rows(codes[name])) for name in rows
        }
        squares["denoised"] = np.square(rows["photo"] - self._denoised(codes["photo"]))
        shaped = {name: values.reshape(-1, *features.shape) for name, values in squares.items()}
        maps = {name: log_error_map(shaped[name], SMOOTHING) for name in SCORED_LOOKS}
        for name, reach in HEAT_PARTS:
            maps[f"{name} {reach}"] = log_error_map(shaped[name], reach)
        scores = {
            "error": np.log(squares["photo"].mean(axis=1) + _LEAST),
            "neighbours": self._distance(codes["photo"][:, :RANK]),
            "spectrum": self._spectrum(features.spectrum),
            "properties": self._properties(features.properties),
            "unfamiliar": -(features.fingerprints @ self._fingerprints.T).max(axis=1),
        }
        return Views(maps, scores)

    def _denoised(self, codes: np.ndarray) -> np.ndarray:
        """Wiener estimate of photos with noise of the variance of one component."""
        variances = np.nan_to_num(self._components["photo"].variances) + _LEAST
        noise = variances[min(_NOISE_RANK, len(variances) - 1)]
        return self._components["photo"].rows(codes * variances / (variances + noise))

    def _distance(self, codes: np.ndarray) -> np.ndarray:
        """Mean distance to the nearest known codes, [picture]."""
        count = min(NEIGHBOURS, len(self._known))
        return nearest(codes, self._known, count).distances.mean(axis=1)
