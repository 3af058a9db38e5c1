"""Interface of a model in an ensemble: training, scoring, and optional abilities."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from typing import Any, Self

import numpy as np

from tools.errors import InputError


class Member(ABC):
    """One model of an ensemble, of any kind.

    `initialize`, `load_state` and `train_steps` train the member in place. `with_state` returns
    further members that share its networks and compiled functions but have their own weights.
    Their scores and pictures depend on their weights and the arguments only, so many threads may
    use many of them at once.

    Every kind of model implements the abstract methods. The other methods are optional; by default
    they return nothing.
    """

    @abstractmethod
    def initialize(self, seed: int) -> None:
        """Draws new initial weights and resets the optimizers."""

    @abstractmethod
    def state(self) -> dict[str, np.ndarray]:
        """Arrays by name that determine all later training steps; a checkpoint holds them."""

    @abstractmethod
    def load_state(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Restores the arrays that `state` returned.

        Raises:
            InputError: The arrays are not those of this model.
        """

    @abstractmethod
    def train_steps(self, examples: Any, seed: int, steps: range) -> dict[str, float]:
        """Runs training steps; each depends on the state, the seed and its number only.

        Args:
            examples: The training set, [example, ...].
            seed: The member's seed.
            steps: Numbers of the steps, consecutive.

        Returns:
            Values of the last step for the progress bar, by name, such as the loss.
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

    def limited_to(self, quantities: Collection[str], largest_batch: int | None = None) -> Self:
        """A member whose `score` may leave out all but these quantities; by default itself.

        Args:
            quantities: Names of the quantities that are needed.
            largest_batch: Examples per pass at most, for few at a time; None: as they are.
        """
        return self

    def score_likelihood(
        self, examples: np.ndarray, ids: np.ndarray, seed: int
    ) -> dict[str, np.ndarray]:
        """The likelihood and the other quantities of its pass; by default all of `score`."""
        return self.score(examples, ids, seed)

    def monitor(self) -> dict[str, float]:
        """Values for the training history, by name, computed on the monitored examples."""
        return {}

    def pictures(self) -> dict[str, np.ndarray]:
        """Batches of images for TensorBoard, [image, height, width, channel] in [0, 1], by name."""
        return {}

    @property
    def costs(self) -> dict[str, float]:
        """Measured seconds of scoring per 1,000 examples, by name of the pass."""
        return {}

    def samples(self, count: int, seed: int) -> np.ndarray | None:
        """Generated images [image, height, width, channel] in [0, 1]; None: not a generator."""
        return None

    def reconstructions(self, images: np.ndarray) -> np.ndarray | None:
        """Reconstructed images, shaped as the inputs, in [0, 1]; None: the model has none."""
        return None

    def maps(self, images: np.ndarray) -> np.ndarray | None:
        """-log p or error by pixel: float32 [image, height, width]; None: the model has none."""
        return None

    def codes(self, images: np.ndarray) -> np.ndarray | None:
        """Latent codes [image, latent]; None: the model has none."""
        return None

    def posterior_means(self, rows: np.ndarray) -> np.ndarray | None:
        """The quantity `posterior_mean` alone, float32 [row]; None: the model has no posterior."""
        return None

    def contributions(self, rows: np.ndarray, normal: np.ndarray, seed: int) -> np.ndarray | None:
        """What each feature of a row adds to -log p, nats: [row, feature]; None: it is not known.

        Over the features they sum to -log p(row) + log p(normal row).

        Args:
            rows: Rows of a table [row, feature].
            normal: A normal row for each of them, to which it is compared [row, feature].
            seed: Seed of the noise, as for `score`.
        """
        return None

    def more_normal(
        self, images: np.ndarray, *, epsilon: float, steps: int, compile: bool
    ) -> np.ndarray:
        """Attacked images: a score's gradient has made them look more normal.

        The arguments are those of `vae_wgan.ensemble.adversarial_inputs.more_normal`.

        Raises:
            InputError: The model's scores have no gradient.
        """
        raise self.without_gradient()

    def without_gradient(self) -> InputError:
        """The error that `more_normal` raises for a model whose scores have no gradient."""
        return InputError(f"--adversarial: {type(self).__name__} has no score with a gradient")
