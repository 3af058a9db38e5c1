"""Members made of a Keras network and its optimizers, which score in compiled passes."""

import copy
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import NamedTuple, Self

import numpy as np
import tensorflow as tf

from tools.run.batches import in_full_batches
from tools.run.stopwatch import Stopwatch
from vae_wgan.ensemble.adversarial_inputs import more_normal
from vae_wgan.ensemble.member import Member
from vae_wgan.ensemble.model_state import (
    Weights,
    check_state_arrays,
    load_state_arrays,
    set_to_zero,
    state_arrays,
    with_weights,
)


def no_noise(seed: int, ids: np.ndarray) -> np.ndarray:
    """The noise argument of a pass that draws no noise: an empty array."""
    return np.zeros(0, np.float32)


class Pass(NamedTuple):
    """One compiled scoring function, called on the examples batch by batch.

    Attributes:
        function: Maps weights, examples [example, ...] and noise to quantities [example] by name;
            made by `function_of_weights`.
        batch: Examples per call; the last batch is padded. It is small where a pass multiplies the
            examples, by samples for instance, so that activations stay in the processor's cache.
        noise: Maps a seed and the examples' ids to the function's noise.
        gives: Names of the quantities; empty: they are not known before it has run.
    """

    function: Callable[..., dict[str, tf.Tensor]]
    batch: int
    noise: Callable[[int, np.ndarray], np.ndarray] = no_noise
    gives: frozenset[str] = frozenset()


class NetworkMember(Member):
    """A network with its optimizers. The members of an ensemble share it and differ in state only.

    Args:
        network: The network with all weights.
        optimizers: Optimizers that were built for the network's variables.
        new_network: Maps a seed to a network of this architecture with initial weights drawn from
            it.

    Attributes:
        network: The network; its variables hold the current weights of training.
        passes: The independent passes that `score` runs, by name.
    """

    passes: Mapping[str, Pass]

    def __init__(
        self,
        network: tf.keras.Model,
        optimizers: Sequence[tf.keras.optimizers.Optimizer],
        new_network: Callable[[int], tf.keras.Model],
    ):
        self.network = network
        self._optimizers = optimizers
        self._new_network = new_network
        self._weights: Weights | None = None  # None: the current weights of training
        self._stopwatch = Stopwatch()

    @property
    def variables(self) -> list[tf.keras.Variable]:
        """The network's weights and the optimizers' variables."""
        return [*self.network.variables, *self._optimizer_variables]

    @property
    def weights(self) -> Weights:
        """The values of the network's variables that this member computes with."""
        if self._weights is not None:
            return self._weights
        return tuple(map(tf.convert_to_tensor, self.network.variables))

    def initialize(self, seed: int) -> None:
        """Draws new initial weights and clears the optimizers."""
        self.network.set_weights(self._new_network(seed).get_weights())
        set_to_zero(self._optimizer_variables)

    def state(self) -> dict[str, np.ndarray]:
        """The values of all variables, by path."""
        return state_arrays(self.variables)

    def load_state(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Restores the arrays that `state` returned; see `Member`."""
        load_state_arrays(self.variables, arrays)

    def with_state(self, arrays: Mapping[str, np.ndarray]) -> Self:
        """A member with these weights that shares the network and compiled functions."""
        check_state_arrays(self.variables, arrays)
        member = copy.copy(self)
        member._weights = tuple(
            tf.convert_to_tensor(arrays[variable.path].astype(variable.dtype))
            for variable in self.network.variables
        )
        return member

    def limited_to(self, quantities: Collection[str], largest_batch: int | None = None) -> Self:
        """A member without the passes that give none of these quantities; see `Member`."""
        member = copy.copy(self)
        member.passes = {
            name: each._replace(batch=min(each.batch, largest_batch or each.batch))
            for name, each in self.passes.items()
            if not each.gives or each.gives.intersection(quantities)
        }
        return member

    def score(self, examples: np.ndarray, ids: np.ndarray, seed: int) -> dict[str, np.ndarray]:
        """The quantities of all passes for any number of examples; see `Member`."""
        scores: dict[str, np.ndarray] = {}
        for name in self.passes:
            scores |= self.score_in(name, examples, ids, seed)
        return scores

    def score_in(
        self, name: str, examples: np.ndarray, ids: np.ndarray, seed: int
    ) -> dict[str, np.ndarray]:
        """The quantities of one pass; the other arguments are those of `score`."""
        function, size, noise, _ = self.passes[name]
        weights = self.weights
        return in_full_batches(
            lambda examples, ids: function(weights, examples, noise(seed, ids)),
            examples,
            ids,
            size=size,
            timed=partial(self._stopwatch.timed, name),
        )

    @property
    def costs(self) -> dict[str, float]:
        """Seconds per 1,000 examples, by pass, averaged over the members that share the network."""
        return self._stopwatch.per_thousand()

    def normality(self, images: tf.Tensor) -> tf.Tensor:
        """Deterministic score [image] that `more_normal` raises by gradient; higher = more normal.

        Raises:
            InputError: The model has no such score.
        """
        raise self.without_gradient()

    def more_normal(
        self, images: np.ndarray, *, epsilon: float, steps: int, compile: bool
    ) -> np.ndarray:
        """The images after gradient steps that raise `normality`; see `Member`."""
        return more_normal(self.normality, images, epsilon=epsilon, steps=steps, compile=compile)

    def computing(self) -> tf.keras.StatelessScope:
        """Context in which the network computes with this member's weights, in this thread."""
        return with_weights(self.network, self.weights)

    @property
    def _optimizer_variables(self) -> list[tf.Variable]:
        return [variable for optimizer in self._optimizers for variable in optimizer.variables]
