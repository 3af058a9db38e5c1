"""A VAE or flow on a table as a member of an ensemble: optimizer, compiled training, scores."""

from collections.abc import Collection, Sequence
from functools import partial

import numpy as np
import tensorflow as tf

from tools.run.batches import in_full_batches
from tools.run.seeds import child_seed, normal_rows
from tools.scores.costs import SAMPLING
from vae_wgan.ensemble.model_state import function_of_weights
from vae_wgan.ensemble.network_member import NetworkMember, Pass
from vae_wgan.ensemble.step_blocks import StepBlocks
from vae_wgan.settings.table_settings import TableSettings
from vae_wgan.table.integrated_gradients import integrated_gradients
from vae_wgan.table.table_flow import TableFlow
from vae_wgan.table.table_vae import TableVAE
from vae_wgan.vae.vae import posterior_mean

MODELS: dict[str, type[TableVAE | TableFlow]] = {"vae": TableVAE, "flow": TableFlow}
SCORE_BATCH = 2048  # rows per compiled scoring call; the last batch is padded
EXPLAINED_BATCH = 64  # rows per call that explains scores
# Log likelihood of each model, in nats.
LIKELIHOODS = {"vae": "iwae", "flow": "log_likelihood"}
# Gradient clipping: one row far out in a tail must not ruin the weights. Usual norms are smaller.
LARGEST_GRADIENT_NORM = 20.0


class TableMember(NetworkMember):
    """A VAE or flow with its optimizer.

    Args:
        settings: Settings of the run.
        row_shape: Shape of an encoded row, (number of features,).
        monitored: Rows [row, feature] that `monitor` uses.
        quantities: Not used: one pass gives all quantities.
    """

    def __init__(
        self,
        settings: TableSettings,
        row_shape: Sequence[int],
        monitored: np.ndarray,
        quantities: Collection[str] = (),
    ):
        """Builds the networks and the compiled functions."""
        self._settings = settings
        self._monitored = monitored
        (self._num_features,) = row_shape
        self._model = self._new_model(seed=0)
        schedule = tf.keras.optimizers.schedules.CosineDecay(
            settings.learning_rate, settings.total_steps
        )
        self._optimizer = tf.keras.optimizers.Adam(
            schedule, global_clipnorm=LARGEST_GRADIENT_NORM, name="adam"
        )
        self._optimizer.build(self._model.trainable_variables)
        super().__init__(self._model, [self._optimizer], self._new_model)
        self._blocks = StepBlocks(self._step, settings.rows_per_step, xla=settings.uses_xla)
        scores, self._compiled_posterior_means = (
            function_of_weights(self._model, function, xla=settings.uses_xla)
            for function in (self._model.scores, self._posterior_means)
        )
        self.passes = {SAMPLING: Pass(scores, SCORE_BATCH, self._noise)}
        self._compiled_contributions = function_of_weights(
            self._model,
            lambda rows, normal, noise: integrated_gradients(
                lambda at: -self._model.scores(at, noise)[LIKELIHOODS[settings.model]],
                rows,
                normal,
            ),
            xla=False,
        )

    def train_steps(self, examples: np.ndarray, seed: int, steps: range) -> dict[str, float]:
        """Steps of Adam on one batch each; returns the mean loss of the last batch, in nats."""
        order, noise = child_seed(seed, "order"), child_seed(seed, "noise")
        return {"loss": self._blocks.train(examples, steps, order=order, noise=noise)}

    def posterior_means(self, rows: np.ndarray) -> np.ndarray | None:
        """The quantity `posterior_mean` only, float32 [row], by a pass through the encoder."""
        if self._settings.model != "vae":
            return None
        means = partial(self._compiled_posterior_means, self.weights)
        return in_full_batches(means, rows, size=SCORE_BATCH)["posterior_mean"]

    def contributions(self, rows: np.ndarray, normal: np.ndarray, seed: int) -> np.ndarray:
        """Integrated gradients of -log p from a normal row to each row; see `Member`."""
        noise = self._noise(seed, np.zeros(len(rows), np.int64))
        function = partial(self._compiled_contributions, self.weights)
        return in_full_batches(
            lambda rows, normal: {"nats": function(rows, normal, noise)},
            rows,
            normal,
            size=EXPLAINED_BATCH,
        )["nats"]

    def monitor(self) -> dict[str, float]:
        """Mean of each quantity over the monitored rows; the learning rate."""
        scores = self.score(self._monitored, np.arange(len(self._monitored)), seed=0)
        values = {key: float(value.mean()) for key, value in scores.items()}
        return values | {"learning_rate": float(self._optimizer.learning_rate)}

    def _noise(self, seed: int, ids: np.ndarray) -> np.ndarray:
        """The noise of z, [sample, 1, latent], which all rows share.

        A score then depends on the row's features and the seed only. Its estimate is as good as
        with different noise for each row.
        """
        shape = (self._settings.n_samples, self._settings.latent_size)
        return normal_rows(seed, np.zeros(1, np.int64), shape).swapaxes(0, 1)

    def _new_model(self, seed: int) -> TableVAE | TableFlow:
        return MODELS[self._settings.model](self._num_features, self._settings, seed=seed)

    def _posterior_means(self, rows: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"posterior_mean": posterior_mean(self._model.encode(rows))}

    def _step(self, rows: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        seeds = tf.random.split(seed)
        blur = tf.random.stateless_normal(rows.shape, seeds[0])
        with tf.GradientTape() as tape:
            loss = self._model.training_loss(rows + self._settings.feature_noise * blur, seeds[1])
        weights = self._model.trainable_variables
        self._optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        return loss
