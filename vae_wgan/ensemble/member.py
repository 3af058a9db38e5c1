"""The whole contract of a model in an ensemble: how it trains, scores, and what it can show."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from tools.errors import InputError


class Member(ABC):
    """One model of an ensemble, of any kind.

    The member that a kind of model makes is trained in place by `initialize`, `load_state` and
    `train_steps`. `with_state` gives members that share its networks and compiled functions but
    have weights of their own. What these score and show is a function of their weights and the
    arguments alone, so any number of threads may use any number of them at once.

    The abstract methods are what every kind must have; the others are abilities, which by default
    give nothing.
    """

    @abstractmethod
    def initialize(self, seed: int) -> None:
        """Forgets everything learned and draws new initial weights."""

    @abstractmethod
    def state(self) -> dict[str, np.ndarray]:
        """Everything that a later training step depends on, by name: what a checkpoint holds."""

    @abstractmethod
    def load_state(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Takes back what `state` returned.

        Raises:
            InputError: The arrays are not those of this model.
        """

    @abstractmethod
    def train_steps(self, examples: Any, seed: int, steps: range) -> dict[str, float]:
        """Makes some updates; each depends on the state, the seed and its number only.

        Args:
            examples: All that members are trained on, as the ensemble was given them.
            seed: The member's seed.
            steps: Numbers of the updates, one after another.

        Returns:
            What the progress bar shows of the last update.
        """

    @abstractmethod
    def with_state(self, arrays: Mapping[str, np.ndarray]) -> Self:
        """A member with the weights that `state` returned; later training does not change it.

        Raises:
            InputError: The arrays are not those of this model.
        """

    @abstractmethod
    def score(self, examples: np.ndarray, ids: np.ndarray, seed: int) -> dict[str, np.ndarray]:
        """The member's quantities, float32 [example] by name.

        Args:
            examples: Images [example, height, width, channel] in [0, 1], or rows of a table
                [example, feature].
            ids: int [example]; with the seed they determine the noise of each example.
            seed: Seed of the noise.
        """

    def score_likelihood(
        self, examples: np.ndarray, ids: np.ndarray, seed: int
    ) -> dict[str, np.ndarray]:
        """The quantities of `score` without those that cost further passes over the examples."""
        return self.score(examples, ids, seed)

    def monitor(self) -> dict[str, float]:
        """Numbers for the training history, from examples that members do not train on."""
        return {}

    def pictures(self) -> dict[str, np.ndarray]:
        """Batches of images for TensorBoard, [image, height, width, channel] in [0, 1], by name."""
        return {}

    @property
    def costs(self) -> dict[str, float]:
        """Seconds that scoring 1,000 examples has taken, by the name of the pass."""
        return {}

    def samples(self, count: int, seed: int) -> np.ndarray | None:
        """New images [image, height, width, channel] in [0, 1]; None: the model draws none."""
        return None

    def reconstructions(self, images: np.ndarray) -> np.ndarray | None:
        """Images [image, height, width, channel] in [0, 1] as the model sees them, or None."""
        return None

    def codes(self, images: np.ndarray) -> np.ndarray | None:
        """Latent codes [image, latent]; None: the model has none."""
        return None

    def posterior_means(self, rows: np.ndarray) -> np.ndarray | None:
        """The quantity `posterior_mean` alone, float32 [row]; None: the model has no posterior."""
        return None

    def more_normal(
        self, images: np.ndarray, *, epsilon: float, steps: int, compile: bool
    ) -> np.ndarray:
        """Images that the gradient of a score has made more normal; see `more_normal`.

        Raises:
            InputError: The model's scores have no gradient.
        """
        raise self.without_gradient()

    def without_gradient(self) -> InputError:
        """What `more_normal` raises where it cannot be."""
        return InputError(f"--adversarial: {type(self).__name__} has no score with a gradient")
