"""Simple detectors on the features of an ensemble: floors that say what its densities add."""

from collections.abc import Mapping
from functools import partial

import numpy as np

from tools.run.seeds import child_seed
from tools.scores.floor_files import Fit
from tools.scores.table_floors import Score, fit_table_floor
from vae_wgan.features.features_member import store_of, training_images
from vae_wgan.features.place_gaussians import PlaceGaussians, in_parts
from vae_wgan.settings.features_settings import FeaturesSettings

PLACE_CHANNELS = 150  # of the Gaussians at places


def feature_floors(settings: FeaturesSettings) -> Mapping[str, Fit]:
    """{name: fit}: detectors of table rows, which the pooled features are, and one of places."""
    return {
        "feature_neighbours": partial(_fit_on_features, settings, "knn"),
        "feature_gaussian": partial(_fit_on_features, settings, "gaussian"),
        "feature_places": partial(_fit_on_places, settings),
    }


def _fit_on_features(
    settings: FeaturesSettings, detector: str, training: np.ndarray, seed: int
) -> Score:
    store = store_of(settings, training.shape[1:])
    known = store.features(training_images(training, seed)).pooled
    score = fit_table_floor(detector, np.asarray(known), seed)
    return lambda images: score(np.asarray(store.features(images).pooled))


def _fit_on_places(settings: FeaturesSettings, training: np.ndarray, seed: int) -> Score:
    """Largest squared Mahalanobis distance of a place, by one Gaussian at each (PaDiM)."""
    store = store_of(settings, training.shape[1:])
    known = store.features(training_images(training, seed)).maps
    draw = np.random.default_rng(child_seed(seed, "floor", "feature_places"))
    channels = np.sort(draw.permutation(known.shape[-1])[:PLACE_CHANNELS])
    gaussians = PlaceGaussians.fit(lambda: in_parts(known, channels))

    def score(images: np.ndarray) -> np.ndarray:
        parts = in_parts(store.features(images).maps, channels)
        return np.concatenate([gaussians.distances(part).max(axis=1) for part in parts])

    return score
