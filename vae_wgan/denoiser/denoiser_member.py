"""A denoiser as a member of an ensemble: optimizer, compiled training step, scores, pictures."""

from collections.abc import Callable, Collection, Sequence
from functools import partial

import numpy as np
import tensorflow as tf

from tools.run.batches import batch_rows, in_full_batches
from tools.run.seeds import child_seed, normal_rows
from tools.scores.denoising import EIGENVALUES
from vae_wgan.denoiser.denoiser import (
    Denoiser,
    denoising_loss,
    largest_eigenvalues,
    noise_errors,
    sampled,
)
from vae_wgan.denoiser.noise_levels import EIGENVALUE_LEVELS, SCORED_LEVELS, training_levels
from vae_wgan.ensemble.model_state import function_of_weights
from vae_wgan.ensemble.network_member import NetworkMember, Pass
from vae_wgan.layers.replicas import Replicas
from vae_wgan.settings.denoiser_settings import DenoiserSettings

SCORE_BATCH = 8  # images per compiled scoring call, each at many noise levels
NUM_PICTURES = 8
SHOWN_LEVEL = 0.4  # noise level of the pictures that are denoised


class DenoiserMember(NetworkMember):
    """A denoiser with its optimizer.

    Args:
        settings: Settings of the run.
        image_shape: Height, width, channels.
        monitored: Images [image, height, width, channel] that `monitor` and `pictures` use.
        quantities: Names of the quantities that `score` must return.
    """

    def __init__(
        self,
        settings: DenoiserSettings,
        image_shape: Sequence[int],
        monitored: np.ndarray,
        quantities: Collection[str] = (),
    ):
        """Builds the networks and the compiled functions."""
        self._settings = settings
        self._image_shape = tuple(image_shape)
        self._monitored = monitored
        schedule = tf.keras.optimizers.schedules.CosineDecay(
            settings.learning_rate, settings.max_steps
        )
        self._replicas = Replicas(settings.batch_size)
        with self._replicas.scope():
            self._denoiser = self._new_denoiser(seed=0)
            self._optimizer = tf.keras.optimizers.Adam(schedule, name="adam")
            self._optimizer.build(self._denoiser.trained.trainable_variables)
        super().__init__(self._denoiser, [self._optimizer], self._new_denoiser)
        self._compiled_step = self._replicas.compiled(self._step, xla=settings.compile)
        self._denoise = self._compiled(self._denoiser.denoise)
        self.passes = {"denoising": self._pass(noise_errors, SCORED_LEVELS)}
        if EIGENVALUES in quantities:
            self.passes["eigenvalues"] = self._pass(largest_eigenvalues, EIGENVALUE_LEVELS)

    def train_steps(self, examples: np.ndarray, seed: int, steps: range) -> dict[str, float]:
        """Steps of Adam on one batch each; returns the mean loss of the last batch."""
        order, noise = child_seed(seed, "order"), child_seed(seed, "noise")
        for step in steps:
            rows = batch_rows(order, len(examples), self._settings.batch_size, step)
            loss = self._compiled_step(examples[rows], np.array([noise, step], np.int32))
        return {"loss": float(loss)}

    def samples(self, count: int, seed: int) -> np.ndarray:
        """Generated images [image, height, width, channel] in [0, 1]."""
        noise = tf.random.stateless_normal([count, *self._image_shape], (seed, 0))
        return _as_images(sampled(partial(self._denoise, self.weights), noise))

    def reconstructions(self, images: np.ndarray) -> np.ndarray:
        """The images denoised after noise of a middle level was added, in [0, 1]."""
        noise = normal_rows(0, np.arange(len(images)), self._image_shape)
        noisy = 2 * images - 1 + SHOWN_LEVEL * noise
        levels = np.full(len(images), SHOWN_LEVEL, np.float32)
        return _as_images(self._denoise(self.weights, noisy, levels))

    def maps(self, images: np.ndarray) -> np.ndarray:
        """Squared error by pixel of images denoised as if they had noise of a middle level.

        No noise is added: [image, height, width], channels summed, of images in [0, 1].
        """
        levels = np.full(SCORE_BATCH, SHOWN_LEVEL, np.float32)

        def errors(part: np.ndarray) -> dict[str, np.ndarray]:
            denoised = _as_images(self._denoise(self.weights, 2 * part - 1, levels))
            return {"map": np.square(part - denoised).sum(axis=3)}

        return in_full_batches(errors, images, size=SCORE_BATCH)["map"]

    def monitor(self) -> dict[str, float]:
        """Mean logarithm of the monitored images' denoising error; the learning rate."""
        ids = np.arange(len(self._monitored))
        scores = self.score_in("denoising", self._monitored, ids, seed=0)
        return {
            "denoising_error": float(scores["denoising_error"].mean()),
            "learning_rate": float(self._optimizer.learning_rate),
        }

    def pictures(self) -> dict[str, np.ndarray]:
        """Monitored images, the same denoised, and generated images."""
        inputs = self._monitored[:NUM_PICTURES]
        return {
            "inputs": inputs,
            "denoised": self.reconstructions(inputs),
            "samples": self.samples(NUM_PICTURES, seed=0),
        }

    def _step(self, images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        settings = self._settings
        for_noise, for_levels = tf.unstack(tf.random.split(seed, 2))
        noise = tf.random.stateless_normal([settings.batch_size, *self._image_shape], for_noise)
        levels = training_levels(settings.batch_size, for_levels)
        loss = self._replicas.update(self._update, 2 * images - 1, noise, levels)
        self._follow(tf.cast(seed[1], tf.float32))
        return loss

    def _update(self, images: tf.Tensor, noise: tf.Tensor, levels: tf.Tensor) -> tf.Tensor:
        """One step of Adam on this device's share of a batch; returns the share's mean loss."""
        trained, share = self._denoiser.trained, self._replicas.share
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(
                denoising_loss(trained, share(images), share(noise), share(levels))
            )
        self._replicas.minimize(loss, trained.trainable_variables, tape, self._optimizer)
        return loss

    def _follow(self, step: tf.Tensor) -> None:
        """Moves the averaged weights towards the trained ones, faster in the first steps."""
        decay = tf.minimum(self._settings.average_decay, (1 + step) / (10 + step))
        networks = self._denoiser.average, self._denoiser.trained
        for average, trained in zip(*(network.variables for network in networks), strict=True):
            average.assign(decay * average + (1 - decay) * trained)

    def _compiled(self, function: Callable) -> Callable:
        return function_of_weights(self._denoiser, function, xla=self._settings.compile)

    def _pass(self, quantities: Callable, levels: Sequence[float]) -> Pass:
        """A scoring pass; an image's noise depends on the seed and its id only."""

        def scores(images: tf.Tensor, noise: tf.Tensor) -> dict[str, tf.Tensor]:
            return quantities(self._denoiser.denoise, 2 * images - 1, noise, levels)

        def noise(seed: int, ids: np.ndarray) -> np.ndarray:
            return normal_rows(seed, ids, self._image_shape)

        return Pass(self._compiled(scores), SCORE_BATCH, noise)

    def _new_denoiser(self, seed: int) -> Denoiser:
        settings = self._settings
        return Denoiser(
            self._image_shape,
            base_depth=settings.base_depth,
            blocks=settings.blocks,
            activation=settings.activation,
            precision=settings.precision,
            seed=seed,
        )


def _as_images(values: tf.Tensor) -> np.ndarray:
    """Values in [-1, 1], perhaps a little beyond, as values in [0, 1]."""
    return np.clip((values.numpy() + 1) / 2, 0, 1)
