"""Simple detectors of pictures as one ensemble: scores with p-values, and maps.

Five sets of models leave out a fifth of the normal pictures each, near copies together. So every
normal picture has scores by models that saw neither it nor a near copy; p-values, and the places of
maps, come from these. A new picture has the mean of all five. What is combined was chosen once, on
photos of tiles and on single classes of MNIST, Fashion-MNIST, CIFAR-10 and Omniglot, and not by the
data (docs/scores.md).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Self

import numpy as np

from tools.errors import InputError
from tools.run.seeds import child_seed
from tools.scores.conformal import log_p_values
from tools.scores.pictures.looks import enlarged, reduced
from tools.scores.pictures.maps import Places, joined, mean_of_top, strongest
from tools.scores.pictures.near_copies import folds_of, near_copies
from tools.scores.pictures.picture_models import (
    HEAT_PARTS,
    SCORED_LOOKS,
    Features,
    PictureModels,
    Views,
)

FOLDS = 5
LEAST_IMAGES, MOST_IMAGES = 3, 1500  # that it learns from; of more, drawn ones
# Scores of each part: of the picture as a whole, of its strangest place, of likeness to known ones.
PARTS: Mapping[str, Sequence[str]] = {
    "whole": ("top plain", "error", "neighbours", "spectrum", "properties"),
    "local": ("max photo", "max plain"),
    "unfamiliar": ("unfamiliar",),
}
_BATCH = 256  # pictures scored together, for bounded memory


class PictureEnsemble:
    """Fitted detectors; the arrays of `state` determine them.

    Args:
        state: Arrays by name, from `state` of another one.

    Attributes:
        held_out: Each part's score of the normal pictures that it learned from, by models that left
            them out: {part: float64 [picture]}.
    """

    def __init__(self, state: Mapping[str, np.ndarray]):
        self.state = dict(state)
        images, folds = self.state["pictures"].astype(np.float32) / 255, self.state["folds"]
        seed = int(self.state["seed"])
        known, numbers = Features.of(images), np.unique(folds)
        self._models = [PictureModels(known.take(folds != fold), seed) for fold in numbers]
        left_out = [np.flatnonzero(folds == fold) for fold in numbers]
        pairs = zip(self._models, left_out, strict=True)
        views = _in_order([models(known.take(rows)) for models, rows in pairs], left_out)
        self._places = {name: Places.fit(maps) for name, maps in views.maps.items()}
        self._views_held_out = self._summaries(views)
        self._parts_held_out = self._joined(self._views_held_out)
        self.held_out = self._surprises(self._parts_held_out)

    @classmethod
    def fit(cls, images: np.ndarray, seed: int, groups: np.ndarray | None = None) -> Self:
        """Fits on normal pictures.

        Args:
            images: [image, height, width, channel] in [0, 1].
            seed: Root seed of the run, for the draw of pictures and folds.
            groups: Number of the thing that each picture shows [image], from 0; None: near copies
                are found.

        Raises:
            InputError: There are fewer than three.
        """
        if len(images) < LEAST_IMAGES:
            raise InputError(f"{len(images)} training images; at least {LEAST_IMAGES} are needed")
        rng = np.random.default_rng(child_seed(seed, "picture ensemble"))
        chosen = np.sort(rng.permutation(len(images))[:MOST_IMAGES])
        pictures = reduced(images[chosen])
        found = near_copies(pictures) if groups is None else groups[chosen]
        return cls(
            {
                "pictures": np.rint(255 * pictures).astype(np.uint8),
                "folds": folds_of(found, FOLDS, seed),
                "seed": np.array(child_seed(seed, "picture components")),
            }
        )

    def scores(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Minus log p-value of each part: {part: float64 [image]}, higher = more anomalous."""
        batches = [self.scores_of_few(batch) for batch in _batches(images)]
        return {name: np.concatenate([batch[name] for batch in batches]) for name in PARTS}

    def scores_of_few(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """As `scores`, of few images, in one go."""
        return self._surprises(self._joined(self._summaries(self._mean_views(images))))

    def maps(self, images: np.ndarray) -> np.ndarray:
        """Where images are strange, in deviations of normal ones: [image, height, width]."""
        return np.concatenate([self._map(batch) for batch in _batches(images)])

    def _surprises(self, parts: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Minus log p-value of each part."""
        return {name: -log_p_values(parts[name], self._parts_held_out[name]) for name in PARTS}

    def _map(self, images: np.ndarray) -> np.ndarray:
        maps = self._mean_views(images).maps
        names = [f"{look} {reach}" for look, reach in HEAT_PARTS]
        heat = joined([self._places[name].standardised(maps[name]) for name in names])
        return enlarged(heat, *images.shape[1:3])

    def _mean_views(self, images: np.ndarray) -> Views:
        """Means over the sets of models."""
        features = Features.of(reduced(images))
        every = [models(features) for models in self._models]
        return Views(*(_mean([views[kind] for views in every]) for kind in range(2)))

    def _summaries(self, views: Views) -> dict[str, np.ndarray]:
        """All scores of pictures [picture], with those made of maps."""
        scores = dict(views.scores)
        for name in SCORED_LOOKS:
            standardised = self._places[name].standardised(views.maps[name])
            scores[f"max {name}"] = strongest(standardised)
            scores[f"top {name}"] = mean_of_top(standardised)
        return scores

    def _joined(self, scores: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Fisher's combination of the scores of each part."""
        known = self._views_held_out
        return {
            part: -np.stack([log_p_values(scores[name], known[name]) for name in names]).sum(axis=0)
            for part, names in PARTS.items()
        }


def _batches(images: np.ndarray) -> Iterator[np.ndarray]:
    return (images[start : start + _BATCH] for start in range(0, max(1, len(images)), _BATCH))


def _mean(arrays: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    return {name: np.stack([of[name] for of in arrays]).mean(axis=0) for name in arrays[0]}


def _in_order(views: Sequence[Views], rows: Sequence[np.ndarray]) -> Views:
    """Joins views of parts of the pictures; `rows` are the numbers of the pictures of each part."""
    order = np.argsort(np.concatenate(rows))
    joined_kinds = (
        {
            name: np.concatenate([part[kind][name] for part in views])[order]
            for name in views[0][kind]
        }
        for kind in range(2)
    )
    return Views(*joined_kinds)
