"""Quantities of members on pretrained features, by plain TensorFlow and the run's own formulas."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import tensorflow as tf

from anomaly.exporting.graph_networks import GraphNetwork, stacked
from anomaly.exporting.traced_arrays import Constants, TracedArray
from vae_wgan.features.features_member import FeaturesMember


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
        self._flows = [GraphNetwork(member.flow, seed=0) for member in members]

    def quantities(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        """As `FeaturesMember.score`, float64 [member, picture] by name."""
        maps, pooled = self._members[0].network.tensors(images)
        values = tf.cast(maps, tf.float32), pooled
        pairs = zip(self._members, self._flows, strict=True)
        return stacked([self._of_member(*pair, *values) for pair in pairs])

    def _of_member(
        self, member: FeaturesMember, flow: GraphNetwork, maps: tf.Tensor, pooled: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        places = member.fitted.places
        chosen = tf.gather(maps, places.channels, axis=-1)
        rows, columns, channels = chosen.shape[1:]
        by_place = self._traced(tf.reshape(chosen, [-1, rows * columns, channels]))
        density = places.gaussians.log_density(by_place).reshape(-1, rows, columns)

        def flow_likelihood(rows: Any) -> Any:
            return rows.like(flow.scores(rows.tensor)["log_likelihood"])

        scores: Mapping[str, Any] = member.scores_of(self._traced(pooled), density, flow_likelihood)
        return {name: tf.cast(values.tensor, tf.float32) for name, values in scores.items()}

    def _traced(self, tensor: tf.Tensor) -> Any:
        return cast(Any, TracedArray(tensor, self._constants))
