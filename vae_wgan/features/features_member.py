"""A member on features of pictures: a flow on pooled features, a Gaussian at each place."""

import copy
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from PIL import Image

from tools.data.images.byte_images import ByteImages
from tools.errors import InputError
from tools.run.run_folder import RunFolder
from tools.run.seeds import child_seed
from tools.run.stopwatch import Stopwatch
from tools.scores.pictures.maps import strongest
from vae_wgan.ensemble.member import Member
from vae_wgan.features.feature_network import FeatureNetwork
from vae_wgan.features.feature_store import FeatureStore
from vae_wgan.features.known_pictures import KnownPictures
from vae_wgan.features.place_densities import PlaceDensities
from vae_wgan.features.pooled_space import MOST_AXES, PooledSpace
from vae_wgan.settings.features_settings import FeaturesSettings
from vae_wgan.table.table_member import TableMember

LikelihoodOf = Callable[[np.ndarray], np.ndarray]
LEFT_OUT = 5  # one training picture in so many is left out of a member's training
MOST_PICTURES = 4000  # that members are trained on; of more, so many are drawn


class Fitted(NamedTuple):
    """What a member fits in closed form; in a checkpoint names begin with those of the fields."""

    places: PlaceDensities
    pooled: PooledSpace
    known: KnownPictures


class FeaturesMember(Member):
    """A member whose inputs are pictures and whose densities are of their features.

    Members differ in their channels, in the pictures that they leave out, and in the flow's initial
    weights. All flows are on the same whitened features, so that their likelihoods compare.

    Args:
        settings: Settings of the run.
        image_shape: Height, width, channels of the pictures.
        monitored: Not used: training is monitored on the pictures that the member leaves out.
        quantities: Not used: all are cheap once the features are there.

    Attributes:
        network: The pretrained network, which the members share.
        flow: The flow on pooled features.
        fitted: What was fitted in closed form.
    """

    def __init__(
        self,
        settings: FeaturesSettings,
        image_shape: Sequence[int],
        monitored: np.ndarray,
        quantities: Collection[str] = (),
    ):
        """Builds the network and the flow."""
        self._settings = settings
        self._store = store_of(settings, tuple(image_shape))
        self.network = self._store.network
        components = min(settings.components, self.network.pooled_size, MOST_AXES)
        self.flow = TableMember(settings.flow_settings, (components,), np.empty((0, components)))
        self._components = components
        self.fitted = self._unfitted(seed=0)
        self._rows: tuple[np.ndarray, np.ndarray] | None = None
        self._stopwatch = Stopwatch()

    def initialize(self, seed: int) -> None:
        """Draws the channels and the flow's initial weights."""
        self.flow.initialize(seed)
        self.fitted = self._unfitted(seed)
        self._rows = None

    def state(self) -> dict[str, np.ndarray]:
        """The flow's variables by path, and the arrays of the closed forms."""
        arrays = self.flow.state()
        for part, fitted in self.fitted._asdict().items():
            arrays |= {f"{part}/{name}": array for name, array in fitted._asdict().items()}
        return arrays

    def load_state(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Restores the arrays that `state` returned; see `Member`."""
        of_flow, self.fitted = self._split(arrays)
        self.flow.load_state(of_flow)
        self._rows = None

    def with_state(self, arrays: Mapping[str, np.ndarray]) -> Self:
        """A member with these weights that shares the network and the compiled functions."""
        of_flow, fitted = self._split(arrays)
        member = copy.copy(self)
        member.flow, member.fitted = self.flow.with_state(of_flow), fitted
        return member

    def train_steps(self, examples: np.ndarray, seed: int, steps: range) -> dict[str, float]:
        """Before the first step, fits what has a closed form; then trains the flow."""
        if self._rows is None:
            features = self._store.features(training_images(examples, self._settings.seed))
            draw = np.random.default_rng(child_seed(seed, "left out"))
            count = len(features.pooled)
            is_left_out = draw.permutation(count) % LEFT_OUT == 0
            if steps.start == 0:
                places = self.fitted.places.fit(features.maps, is_left_out)
                pooled = PooledSpace.fit(features.pooled, self._components)
                codes = pooled.whitened(np.asarray(features.pooled[~is_left_out]))
                self.fitted = Fitted(places, pooled, KnownPictures.fit(codes, draw))
            rows = self.fitted.pooled.flow_rows(np.asarray(features.pooled), self._components)
            self._rows = rows[~is_left_out], rows[is_left_out]
        return self.flow.train_steps(self._rows[0], seed, steps)

    def monitor(self) -> dict[str, float]:
        """Mean log likelihood of the flow, of pictures that the member leaves out."""
        if self._rows is None:
            return {}
        return {"left_out_log_likelihood": float(self._flow_likelihood(self._rows[1]).mean())}

    def score(self, examples: np.ndarray, ids: np.ndarray, seed: int) -> dict[str, np.ndarray]:
        """Log likelihoods, the distance to the nearest known picture, and the strangest place."""
        with self._stopwatch.timed("score", len(examples)):
            features = self._store.features(examples)
            density = self.fitted.places.log_densities(features.maps)
            scores = self.scores_of(np.asarray(features.pooled), density, self._flow_likelihood)
        return {name: values.astype(np.float32) for name, values in scores.items()}

    def scores_of(
        self, pooled: np.ndarray, density: np.ndarray, flow_likelihood: LikelihoodOf
    ) -> dict[str, np.ndarray]:
        """The quantities [picture] by name.

        Args:
            pooled: Pooled features [picture, feature].
            density: Log density at each place, nats [picture, row, column].
            flow_likelihood: The flow's log p of rows [picture, component].
        """
        places, space, known = self.fitted
        rows = space.flow_rows(pooled, self._components)
        return {
            "log_likelihood": flow_likelihood(rows) + space.log_density(pooled),
            "nearest_distance": known.distances(space.whitened(pooled)),
            "place_log_likelihood": density.mean(axis=(1, 2)) - places.level,
            "place_distance": strongest(places.strangeness(density)),
        }

    def maps(self, images: np.ndarray) -> np.ndarray:
        """Distance of the features around each pixel, float32 [picture, height, width].

        Logarithms, in deviations of normal pictures; higher = stranger.
        """
        places = self.fitted.places
        density = places.log_densities(self._store.features(images).maps)
        maps, size = places.strangeness(density), (images.shape[2], images.shape[1])
        pictures = (Image.fromarray(map).resize(size, Image.Resampling.BILINEAR) for map in maps)
        return np.stack([np.asarray(picture) for picture in pictures])

    @property
    def costs(self) -> dict[str, float]:
        """Seconds per 1,000 examples; see `Member`."""
        return self._stopwatch.per_thousand()

    def _flow_likelihood(self, rows: np.ndarray) -> np.ndarray:
        return self.flow.score(rows, np.arange(len(rows)), seed=0)["log_likelihood"]

    def _unfitted(self, seed: int) -> Fitted:
        rows, columns, channels = self.network.maps_shape
        draw = np.random.default_rng(child_seed(seed, "channels"))
        chosen = np.sort(draw.permutation(channels)[: self._settings.channels])
        places = PlaceDensities.unfitted(chosen, (rows, columns))
        pooled = PooledSpace.unfitted(self.network.pooled_size)
        return Fitted(places, pooled, KnownPictures.unfitted(len(pooled.variances)))

    def _split(self, arrays: Mapping[str, np.ndarray]) -> tuple[dict[str, np.ndarray], Fitted]:
        """The flow's arrays, and the closed forms.

        Raises:
            InputError: They are those of another network, or of pictures of another size.
        """
        wanted = {name: array.shape for name, array in self.state().items()}
        if wanted != {name: array.shape for name, array in arrays.items()}:
            raise InputError(
                "a checkpoint holds densities of another network or of pictures of another size;"
                " train again with --delete_existing or in another --model_dir"
            )

        parts = {
            part: type(fitted)(**{name: arrays[f"{part}/{name}"] for name in fitted._fields})
            for part, fitted in self.fitted._asdict().items()
        }
        prefixes = tuple(f"{part}/" for part in parts)
        of_flow = {name: arrays[name] for name in arrays if not name.startswith(prefixes)}
        return of_flow, Fitted(**parts)


def training_images(examples: Any, seed: int) -> Any:  # an array, or ByteImages
    """The training pictures, or MOST_PICTURES drawn ones of more: the same for all members."""
    if len(examples) <= MOST_PICTURES:
        return examples
    draw = np.random.default_rng(child_seed(seed, "feature pictures"))
    rows = np.sort(draw.permutation(len(examples))[:MOST_PICTURES])
    # Bytes stay bytes: thousands of large pictures are too many floats.
    return examples.take(rows) if isinstance(examples, ByteImages) else examples[rows]


@lru_cache(maxsize=1)  # members and floors of a run share it
def store_of(settings: FeaturesSettings, image_shape: tuple[int, ...]) -> FeatureStore:
    """The store of a run's features: files where its run folder is, else memory."""
    folder = RunFolder(Path(settings.model_dir).absolute())
    network = FeatureNetwork(settings, image_shape)
    return FeatureStore(network, folder.features() if folder.manifest_path.exists() else None)
