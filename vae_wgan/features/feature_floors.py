"""Simple detectors beside an ensemble on features: floors that it has to beat.

Two are on the same pooled features and say what the ensemble adds; one is on pixels and says what
the features add.
"""

import logging
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from tools.data.example_set import ExampleSet
from tools.run.run_folder import RunFolder
from tools.scores.image_floors import fit_image_floor
from tools.scores.score_files import is_current, write_scores
from tools.scores.table_floors import Score, fit_table_floor
from vae_wgan.features.features_member import store_of, training_images
from vae_wgan.settings.features_settings import FeaturesSettings

_LOG = logging.getLogger(__name__)
MOST_ON_PIXELS = 1000  # training pictures of the floor on pixels
Fit = Callable[[np.ndarray, FeaturesSettings], Score]


def _on_features(detector: str) -> Fit:
    """A detector of table rows, which the pooled features are."""

    def fit(training: np.ndarray, settings: FeaturesSettings) -> Score:
        store = store_of(settings, training.shape[1:])
        known = store.features(training_images(training, settings.seed)).pooled
        score = fit_table_floor(detector, np.asarray(known), settings.seed)
        return lambda images: score(np.asarray(store.features(images).pooled))

    return fit


def _on_pixels(training: np.ndarray, settings: FeaturesSettings) -> Score:
    rows = np.unique(np.linspace(0, len(training) - 1, MOST_ON_PIXELS).astype(int))
    return fit_image_floor("pca_reconstruction", training[rows], settings.seed)


FEATURE_FLOORS: Mapping[str, Fit] = {
    "feature_neighbours": _on_features("knn"),
    "feature_gaussian": _on_features("gaussian"),
    "pca_reconstruction": _on_pixels,
}


def score_feature_floors(
    folder: RunFolder,
    settings: FeaturesSettings,
    training: ExampleSet,
    example_sets: Sequence[ExampleSet],
) -> list[str]:
    """Writes ensemble_scores/NAME/DATASET.npz of each floor; files that are up to date stay.

    Returns:
        Names of the floors; one that cannot be fitted is left out with a line.
    """
    scored = []
    of_all = {"training": training.digest, "seed": settings.seed}
    of_all |= {"network": settings.feature_network}
    for name, fit in FEATURE_FLOORS.items():
        paths = {part.name: folder.peer_scores(name, part.name) for part in example_sets}
        made_of = {part.name: of_all | {"values": part.digest} for part in example_sets}
        try:
            if not all(is_current(paths[part], made_of[part]) for part in paths):
                score = fit(training.examples, settings)
                for part in example_sets:
                    scores = {name: score(part.examples)[np.newaxis]}
                    write_scores(paths[part.name], scores, part.ids, made_of[part.name])
            scored.append(name)
        except (ValueError, MemoryError, np.linalg.LinAlgError) as error:
            _LOG.warning("%s is left out: %s", name, " ".join(str(error).split()))
    return scored
