"""Members that are networks, by plain TensorFlow; their weights are a SavedModel's variables."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tools.run.seeds import child_seed
from vae_wgan.ensemble.members import member_seed
from vae_wgan.ensemble.network_member import NetworkMember


class GraphNetwork(tf.Module):
    """One member, whose noise is the same for all rows.

    Args:
        member: The member, with the passes that are needed.
        seed: Seed of its noise.
    """

    def __init__(self, member: NetworkMember, seed: int):
        super().__init__(name="network")
        self._member, self._seed = member, seed
        # Variables, so that a SavedModel holds the weights once and beside the graph.
        self._weights = [tf.Variable(weight, trainable=False) for weight in member.weights]

    def scores(self, rows: tf.Tensor) -> dict[str, tf.Tensor]:
        """The member's quantities, [row] by name."""
        values = tuple(map(tf.convert_to_tensor, self._weights))
        scores: dict[str, tf.Tensor] = {}
        for each in self._member.passes.values():
            noise = each.noise(self._seed, np.zeros(1, np.int64))
            scores |= each.function(values, rows, tf.constant(noise))
        return scores


class GraphNetworks(tf.Module):
    """All members of a run; `root` is its root seed."""

    def __init__(self, members: Sequence[NetworkMember], root: int):
        super().__init__(name="networks")
        seeds = (
            child_seed(member_seed(root, index), "scoring noise") for index in range(len(members))
        )
        self._networks = [GraphNetwork(*pair) for pair in zip(members, seeds, strict=True)]

    def quantities(self, rows: tf.Tensor) -> dict[str, tf.Tensor]:
        """The members' quantities, float64 [member, row] by name."""
        return stacked([network.scores(rows) for network in self._networks])


def stacked(by_member: Sequence[dict[str, tf.Tensor]]) -> dict[str, tf.Tensor]:
    """Quantities [row] of each member as float64 [member, row], by name."""
    return {
        name: tf.cast(tf.stack([scores[name] for scores in by_member]), tf.float64)
        for name in by_member[0]
    }
