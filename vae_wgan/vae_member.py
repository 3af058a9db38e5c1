"""One VAE of an ensemble as training and scoring use it: optimizer, compiled steps, pictures."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf

from tools.run.batches import batch_rows
from tools.run.seeds import child_seed, normal_rows
from vae_wgan.model_state import load_state_arrays, set_to_zero, state_arrays
from vae_wgan.vae import VAE, VAEArchitecture, vae_loss, vae_scores
from vae_wgan.vae_settings import VAESettings

# Images in one compiled scoring call; the last batch is filled up. Small, so that the decoder's
# layers of n_samples times as many images stay in the processor's cache.
SCORE_BATCH = 8
NUM_PICTURES = 8


class VAEMember:
    """A VAE with its optimizer. One object serves all members in turn: they differ in state only.

    Args:
        settings: Of the run.
        image_shape: Height, width, channels.
        held_out: Images [image, height, width, channel] that `monitor` and `pictures` look at.
    """

    def __init__(self, settings: VAESettings, image_shape: Sequence[int], held_out: np.ndarray):
        """Builds the networks and the two compiled functions."""
        self._settings = settings
        self._held_out = held_out
        self._image_shape = image_shape
        self._vae = self._new_vae(seed=0)
        schedule = tf.keras.optimizers.schedules.CosineDecay(
            settings.learning_rate, settings.max_steps
        )
        self._optimizer = tf.keras.optimizers.Adam(schedule, name="adam")
        self._optimizer.build(self._vae.trainable_variables)
        self._compiled_step = tf.function(self._step, jit_compile=settings.compile)
        self._compiled_scores = tf.function(self._scores, jit_compile=settings.compile)

    @property
    def variables(self) -> list[tf.keras.Variable]:
        """Weights and the optimizer's variables: all that training changes or needs."""
        return [*self._vae.variables, *self._optimizer.variables]

    def initialize(self, seed: int) -> None:
        """Draws new initial weights and clears the optimizer."""
        self._vae.set_weights(self._new_vae(seed).get_weights())
        set_to_zero(self._optimizer.variables)

    def state(self) -> dict[str, np.ndarray]:
        """All variables by path."""
        return state_arrays(self.variables)

    def load_state(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Takes back what `state` returned.

        Raises:
            InputError: The arrays are not those of this model.
        """
        load_state_arrays(self.variables, arrays)

    def train_steps(self, examples: np.ndarray, seed: int, steps: range) -> dict[str, float]:
        """Steps of Adam, one batch of images each; returns the last batch's mean ELBO in nats."""
        order, noise = child_seed(seed, "order"), child_seed(seed, "noise")
        for step in steps:
            rows = batch_rows(order, len(examples), self._settings.batch_size, step)
            elbo = self._compiled_step(examples[rows], np.array([noise, step], np.int32))
        return {"elbo": float(elbo)}

    def score(self, images: np.ndarray, ids: np.ndarray, seed: int) -> dict[str, np.ndarray]:
        """The values of `vae_scores` for images of any number, each float32 [image].

        Args:
            images: [image, height, width, channel] in [0, 1].
            ids: [image]; with the seed they determine each image's noise.
            seed: Of the noise.
        """
        batches = []
        for start in range(0, len(images), SCORE_BATCH):
            part = slice(start, start + SCORE_BATCH)
            batches.append(self._score_batch(images[part], ids[part], seed))
        return {key: np.concatenate([batch[key] for batch in batches]) for key in batches[0]}

    def reconstruct(self, images: np.ndarray) -> np.ndarray:
        """Mean images of p(x|z) at the mean of q(z|x), in [0, 1]."""
        parts = np.array_split(images, max(1, len(images) // 64))
        return np.concatenate(
            [self._vae.decode(self._vae.encode(part).mean()).mean().numpy() for part in parts]
        )

    def monitor(self) -> dict[str, float]:
        """Means over the held-out images: elbo, iwae, rate, distortion; and the learning rate."""
        scores = self.score(self._held_out, np.arange(len(self._held_out)), seed=0)
        values = {key: float(scores[key].mean()) for key in ("elbo", "iwae", "rate", "distortion")}
        return values | {"learning_rate": float(self._optimizer.learning_rate)}

    def pictures(self) -> dict[str, np.ndarray]:
        """Held-out inputs, their reconstructions, and samples of the prior."""
        inputs = self._held_out[:NUM_PICTURES]
        z = self._vae.prior().sample(NUM_PICTURES, seed=(0, 0))
        return {
            "inputs": inputs,
            "reconstructions": self.reconstruct(inputs),
            "prior_samples": self._vae.decode(z).mean().numpy(),
        }

    def _new_vae(self, seed: int) -> VAE:
        names = [field.name for field in dataclasses.fields(VAEArchitecture)]
        values = {name: getattr(self._settings, name) for name in names}
        return VAE(self._image_shape, VAEArchitecture(**values), seed=seed)

    def _step(self, images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        settings = self._settings
        shape = [settings.train_samples, settings.batch_size, settings.latent_size]
        noise = tf.random.stateless_normal(shape, seed)
        with tf.GradientTape() as tape:
            loss, rate, distortion = vae_loss(
                self._vae, images, noise, beta=settings.beta, analytic_kl=settings.analytic_kl
            )
        weights = self._vae.trainable_variables
        self._optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        return -(rate + distortion)

    def _scores(self, images: tf.Tensor, noise: tf.Tensor) -> dict[str, tf.Tensor]:
        return vae_scores(self._vae, images, noise, self._settings.analytic_kl)

    def _score_batch(self, images: np.ndarray, ids: np.ndarray, seed: int) -> dict[str, np.ndarray]:
        noise = normal_rows(seed, ids, (self._settings.n_samples, self._settings.latent_size))
        filled = np.arange(SCORE_BATCH).clip(max=len(images) - 1)  # repeats the last image
        scores = self._compiled_scores(images[filled], noise[filled].swapaxes(0, 1))
        return {key: value.numpy()[: len(images)] for key, value in scores.items()}
