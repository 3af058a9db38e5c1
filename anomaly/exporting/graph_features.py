"""Quantities of members on pretrained features, by plain TensorFlow and the run's own formulas."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
import tensorflow as tf

from anomaly.exporting.traced_arrays import Constants, TracedArray
from vae_wgan.features.features_member import FeaturesMember
from vae_wgan.features.place_gaussians import PlaceGaussians


class GraphFeatures(tf.Module):
    """The pretrained network, and what each member has learned of its features.

    Args:
        members: The members, which share the network.
        constants: Large arrays of the graph.
    """

    def __init__(self, members: Sequence[FeaturesMember], constants: Constants):
        super().__init__(name="features")
        self._members = members
        self._constants = constants
        self.network = members[0].network.layers  # a SavedModel holds its weights
        self._flows = [
            [tf.Variable(weight, trainable=False) for weight in member.flow.weights]
            for member in members
        ]

    def quantities(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        """As `FeaturesMember.score`, float64 [member, picture] by name."""
        maps, pooled = self._members[0].network.tensors(images)
        by_member = [
            self._of_member(number, tf.cast(maps, tf.float32), pooled)
            for number in range(len(self._members))
        ]
        return {
            name: tf.cast(tf.stack([scores[name] for scores in by_member]), tf.float64)
            for name in by_member[0]
        }

    def _of_member(self, number: int, maps: tf.Tensor, pooled: tf.Tensor) -> dict[str, tf.Tensor]:
        places = self._members[number].fitted.places
        chosen = tf.gather(maps, places.channels, axis=-1)
        rows, columns, channels = chosen.shape[1:]
        by_place = self._traced(tf.reshape(chosen, [-1, rows * columns, channels]))
        gaussians = PlaceGaussians(places.mean, places.root)
        density = gaussians.log_density(by_place).reshape(-1, rows, columns)

        def flow(rows: Any) -> Any:
            (each,) = self._members[number].flow.passes.values()
            weights = tuple(map(tf.convert_to_tensor, self._flows[number]))
            noise = tf.constant(each.noise(0, np.zeros(1, np.int64)))
            return rows.like(each.function(weights, rows.tensor, noise)["log_likelihood"])

        scores: Mapping[str, Any] = self._members[number].scores_of(
            self._traced(pooled), density, flow
        )
        return {name: tf.cast(values.tensor, tf.float32) for name, values in scores.items()}

    def _traced(self, tensor: tf.Tensor) -> Any:
        return cast(Any, TracedArray(tensor, self._constants))
