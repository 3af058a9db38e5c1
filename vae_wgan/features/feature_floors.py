"""Simple detectors on the features of an ensemble: floors that say what its densities add."""

from collections.abc import Mapping
from functools import partial

import numpy as np

from tools.scores.floor_files import Fit
from tools.scores.table_floors import Score, fit_table_floor
from vae_wgan.features.features_member import store_of, training_images
from vae_wgan.settings.features_settings import FeaturesSettings


def feature_floors(settings: FeaturesSettings) -> Mapping[str, Fit]:
    """{name: fit} of detectors of table rows, which the pooled features are."""
    return {
        "feature_neighbours": partial(_fit_on_features, settings, "knn"),
        "feature_gaussian": partial(_fit_on_features, settings, "gaussian"),
    }


def _fit_on_features(
    settings: FeaturesSettings, detector: str, training: np.ndarray, seed: int
) -> Score:
    store = store_of(settings, training.shape[1:])
    known = store.features(training_images(training, seed)).pooled
    score = fit_table_floor(detector, np.asarray(known), seed)
    return lambda images: score(np.asarray(store.features(images).pooled))
