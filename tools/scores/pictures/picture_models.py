"""Simple models of one set of normal pictures: what they say of others, by score and by map."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

from tools.scores.image_floors import NEIGHBOURS, input_properties, power_spectrum
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


class Views(NamedTuple):
    """Maps [picture, height, width] and scores [picture], by name; higher = more anomalous."""

    maps: Mapping[str, np.ndarray]
    scores: Mapping[str, np.ndarray]


class PictureModels:
    """Principal components of three looks, nearest neighbours, spectrum, properties, near copies.

    Args:
        images: Normal pictures [image, height, width, channel] in [0, 1], at least one.
        seed: Seed of the search for principal components.
    """

    def __init__(self, images: np.ndarray, seed: int):
        most = max(RANK, images[0].size // _VALUES_PER_RANK)
        rank = max(1, min(len(images) // _RANK_SHARE, most, images[0].size))
        ranks = {"plain": rank, "photo": rank, "contrast": min(rank, RANK)}
        rows = {name: look(images) for name, look in LOOKS.items()}
        with np.errstate(divide="ignore", invalid="ignore"):  # one picture, or all the same
            self._components = {
                name: PCA(ranks[name], svd_solver="randomized", random_state=seed).fit(rows[name])
                for name in rows
            }
        codes = self._components["photo"].transform(rows["photo"])[:, :RANK]
        count = min(NEIGHBOURS, len(codes))
        self._neighbours = NearestNeighbors(n_neighbors=count).fit(codes)
        self._fingerprints = fingerprints(images)
        self._spectrum = power_spectrum(images, seed)
        self._properties = input_properties(images, seed)

    def __call__(self, images: np.ndarray) -> Views:
        """Views of pictures of the same shape."""
        rows = {name: look(images) for name, look in LOOKS.items()}
        codes = {name: self._components[name].transform(rows[name]) for name in rows}
        squares = {
            name: np.square(rows[name] - self._components[name].inverse_transform(codes[name]))
            for name in rows
        }
        squares["denoised"] = np.square(rows["photo"] - self._denoised(codes["photo"]))
        shaped = {name: values.reshape(images.shape) for name, values in squares.items()}
        maps = {name: log_error_map(shaped[name], SMOOTHING) for name in SCORED_LOOKS}
        maps |= {
            f"{name} {reach}": log_error_map(shaped[name], reach) for name, reach in HEAT_PARTS
        }
        scores = {
            "error": np.log(squares["photo"].mean(axis=1) + _LEAST),
            "neighbours": self._neighbours.kneighbors(codes["photo"][:, :RANK])[0].mean(axis=1),
            "spectrum": self._spectrum(images),
            "properties": self._properties(images),
            "unfamiliar": -(fingerprints(images) @ self._fingerprints.T).max(axis=1),
        }
        return Views(maps, scores)

    def _denoised(self, codes: np.ndarray) -> np.ndarray:
        """Wiener estimate of photos with noise of the variance of one component."""
        variances = np.nan_to_num(self._components["photo"].explained_variance_) + _LEAST
        noise = variances[min(_NOISE_RANK, len(variances) - 1)]
        return self._components["photo"].inverse_transform(codes * variances / (variances + noise))
