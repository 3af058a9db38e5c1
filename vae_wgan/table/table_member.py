"""One model of an ensemble on a table as training and scoring use it."""

from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from tools.run.batches import batch_rows, in_full_batches
from tools.run.seeds import child_seed, normal_rows
from tools.run.stopwatch import Stopwatch
from vae_wgan.ensemble.model_state import Stateful, set_to_zero
from vae_wgan.settings.table_settings import TableSettings
from vae_wgan.table.table_flow import TableFlow
from vae_wgan.table.table_vae import TableVAE
from vae_wgan.vae.vae import posterior_mean

MODELS = {"vae": TableVAE, "flow": TableFlow}
# Steps in one compiled call: they take a fraction of a millisecond each, less than a call costs.
BLOCK_STEPS = 100
SCORE_BATCH = 2048  # rows in one compiled scoring call; the last batch is filled up
# One row far out in a tail must not throw the weights away; ordinary gradients are shorter.
LARGEST_GRADIENT_NORM = 20.0


class TableMember(Stateful):
    """A model with its optimizer. One object serves all members in turn: they differ in state only.

    Args:
        settings: Of the run.
        num_features: Columns of the encoded table.
        held_out: Rows [row, feature] that `monitor` looks at.
    """

    def __init__(self, settings: TableSettings, num_features: int, held_out: np.ndarray):
        """Builds the networks and the two compiled functions."""
        self._settings = settings
        self._held_out = held_out
        self._num_features = num_features
        self._model = self._new_model(seed=0)
        schedule = tf.keras.optimizers.schedules.CosineDecay(
            settings.learning_rate, settings.max_steps
        )
        self._optimizer = tf.keras.optimizers.Adam(
            schedule, global_clipnorm=LARGEST_GRADIENT_NORM, name="adam"
        )
        self._optimizer.build(self._model.trainable_variables)
        self.stopwatch = Stopwatch()
        functions = (self._block, self._model.scores, self._posterior_means)
        self._compiled_block, self._compiled_scores, self._compiled_posterior_means = (
            tf.function(function, jit_compile=settings.compile, autograph=False)
            for function in functions
        )

    @property
    def variables(self) -> list[tf.keras.Variable]:
        """Weights and the optimizer's variables."""
        return [*self._model.variables, *self._optimizer.variables]

    def initialize(self, seed: int) -> None:
        """Draws new initial weights and clears the optimizer."""
        self._model.set_weights(self._new_model(seed).get_weights())
        set_to_zero(self._optimizer.variables)

    def train_steps(self, examples: np.ndarray, seed: int, steps: range) -> dict[str, float]:
        """Steps of Adam, one batch of rows each; returns the last batch's mean loss in nats."""
        order, noise = child_seed(seed, "order"), child_seed(seed, "noise")
        table = tf.convert_to_tensor(examples)
        for block in blocks(steps):
            batches = np.zeros((BLOCK_STEPS, self._settings.batch_size), np.int32)
            for index, step in enumerate(block):
                batches[index] = batch_rows(order, len(examples), self._settings.batch_size, step)
            position = np.array([noise, block.start, len(block)], np.int32)
            loss = self._compiled_block(table, batches, position)
        return {"loss": float(loss)}

    def score(self, rows: np.ndarray, ids: np.ndarray, seed: int) -> dict[str, np.ndarray]:
        """What the model says of rows of any number, each float32 [row].

        All rows share the noise of z: a score depends on the row's features and the seed only, and
        is as good an estimate as with noise of its own.

        Args:
            rows: [row, feature], encoded as the training rows.
            ids: [row]; they change nothing.
            seed: Of the noise.
        """
        with self.stopwatch.timed("sampling", len(rows)):
            return self._scores(rows, seed)

    def posterior_means(self, rows: np.ndarray) -> np.ndarray:
        """The score `posterior_mean` of a VAE alone, float32 [row]: a pass through its encoder."""
        means = in_full_batches(self._compiled_posterior_means, rows, SCORE_BATCH)
        return means["posterior_mean"]

    def monitor(self) -> dict[str, float]:
        """Means of the scores over the held-out rows; and the learning rate."""
        scores = self._scores(self._held_out, seed=0)
        values = {key: float(value.mean()) for key, value in scores.items()}
        return values | {"learning_rate": float(self._optimizer.learning_rate)}

    def pictures(self) -> dict[str, np.ndarray]:
        """None: rows of a table are no images."""
        return {}

    def _scores(self, rows: np.ndarray, seed: int) -> dict[str, np.ndarray]:
        shape = (self._settings.n_samples, self._settings.latent_size)
        noise = normal_rows(seed, np.zeros(1, np.int64), shape).swapaxes(0, 1)
        return in_full_batches(lambda part: self._compiled_scores(part, noise), rows, SCORE_BATCH)

    def _new_model(self, seed: int) -> TableVAE | TableFlow:
        return MODELS[self._settings.model](self._num_features, self._settings, seed=seed)

    def _posterior_means(self, rows: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"posterior_mean": posterior_mean(self._model.encode(rows))}

    def _block(self, table: tf.Tensor, batches: tf.Tensor, position: tf.Tensor) -> tf.Tensor:
        """A step for each of the batches up to the count; the last loss.

        Args:
            table: The training rows [row, feature].
            batches: Row numbers [step, batch].
            position: int [3]: seed of the noise, number of the first step, count of the steps.
        """
        noise, first_step, count = tf.unstack(position)

        def step(index: tf.Tensor, _: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            rows = tf.gather(table, batches[index])
            return index + 1, self._step(rows, noise, first_step + index)

        # One at a time: each step changes the weights that the next one reads.
        return tf.while_loop(lambda index, _: index < count, step, (0, 0.0), parallel_iterations=1)[
            1
        ]

    def _step(self, rows: tf.Tensor, noise: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
        seeds = tf.random.split(tf.stack([noise, step]))
        blur = tf.random.stateless_normal(rows.shape, seeds[0])
        with tf.GradientTape() as tape:
            loss = self._model.training_loss(rows + self._settings.feature_noise * blur, seeds[1])
        weights = self._model.trainable_variables
        self._optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        return loss


def blocks(steps: range) -> Iterator[range]:
    """The steps in parts of at most BLOCK_STEPS."""
    for start in range(0, len(steps), BLOCK_STEPS):
        yield steps[start : start + BLOCK_STEPS]
