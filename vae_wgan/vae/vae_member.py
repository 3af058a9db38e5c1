"""A VAE as a member of an ensemble: optimizer, compiled training step, scores, pictures."""

import dataclasses
from collections.abc import Collection, Sequence
from functools import partial

import numpy as np
import tensorflow as tf

from tools.data.images.byte_images import ByteImages
from tools.run.batches import batch_rows
from tools.run.kernels import GPU
from tools.run.seeds import child_seed
from tools.scores.costs import SAMPLING
from vae_wgan.ensemble.devices import processor_at_hand
from vae_wgan.ensemble.network_member import NetworkMember
from vae_wgan.ensemble.step_blocks import StepBlocks
from vae_wgan.layers.replicas import Replicas
from vae_wgan.settings.vae_settings import VAESettings
from vae_wgan.vae.pixel_likelihoods import outputs_at
from vae_wgan.vae.pixel_noise import replace_pixels
from vae_wgan.vae.vae import (
    VAE,
    VAEArchitecture,
    mean_code_scores,
    pixel_log_likelihoods,
    vae_loss,
)
from vae_wgan.vae.vae_kernels import TRAINING, kernels_of
from vae_wgan.vae.vae_networks import images_at_once
from vae_wgan.vae.vae_scoring import scoring_passes

NUM_PICTURES = 8


class VAEMember(NetworkMember):
    """A VAE with its optimizer.

    Args:
        settings: Settings of the run.
        image_shape: Height, width, channels.
        monitored: Images [image, height, width, channel] that `monitor` and `pictures` use.
        quantities: Names of the quantities that `score` must return; see `scoring_passes`.
    """

    def __init__(
        self,
        settings: VAESettings,
        image_shape: Sequence[int],
        monitored: np.ndarray,
        quantities: Collection[str] = (),
    ):
        """Builds the networks and the compiled functions."""
        self._settings = settings
        self._monitored = monitored
        schedule = tf.keras.optimizers.schedules.CosineDecay(
            settings.learning_rate, settings.total_steps
        )
        self._replicas = Replicas(settings.batch_size)
        with self._replicas.scope():
            kernels = kernels_of(settings, TRAINING)
            make = partial(new_vae, settings, image_shape, precision=kernels.precision)
            self._vae = make(seed=0)
            self._optimizer = tf.keras.optimizers.Adam(schedule, name="adam")
            self._optimizer.build(self._vae.trainable_variables)
        super().__init__(self._vae, [self._optimizer], make)
        self._compiled_step = self._replicas.compiled(self._step, xla=kernels.xla)
        # On one GPU: launching a step's kernels from Python takes longer than computing them.
        self._blocks = (
            StepBlocks(self._step, settings.batch_size, xla=kernels.xla)
            if processor_at_hand() == GPU and self._replicas.count == 1
            else None
        )
        networks = {kernels.precision: self._vae}

        def in_precision(precision: str) -> VAE:
            if precision not in networks:
                networks[precision] = new_vae(settings, image_shape, 0, precision)
            return networks[precision]

        self.passes = scoring_passes(in_precision, settings, quantities)

    def train_steps(self, examples: np.ndarray, seed: int, steps: range) -> dict[str, float]:
        """Steps of Adam on one batch each; returns the mean ELBO of the last batch, in nats."""
        order, noise = child_seed(seed, "order"), child_seed(seed, "noise")
        if 0 in steps and self._settings.start_at_mean:
            colour = examples.mean(axis=(0, 1, 2), dtype=np.float64)
            colour += self._settings.pixel_noise * (0.5 - colour)
            self._vae.start_at(outputs_at(self._settings.likelihood, colour))
        in_parts = isinstance(examples, ByteImages)  # too many for the device's memory
        if self._blocks and not in_parts:
            return {"elbo": self._blocks.train(examples, steps, order=order, noise=noise)}
        for step in steps:
            rows = batch_rows(order, len(examples), self._settings.batch_size, step)
            elbo = self._compiled_step(examples[rows], np.array([noise, step], np.int32))
        return {"elbo": float(elbo)}

    def score_likelihood(
        self, images: np.ndarray, ids: np.ndarray, seed: int
    ) -> dict[str, np.ndarray]:
        """The quantities of the sampling pass only; the arguments are those of `score`."""
        return self.score_in(SAMPLING, images, ids, seed)

    def normality(self, images: tf.Tensor) -> tf.Tensor:
        """Laplace's approximation of log p(x) in nats, [image]; see `mean_code_scores`."""
        with self.computing():
            return mean_code_scores(self._vae, images)["laplace"]

    def samples(self, count: int, seed: int) -> np.ndarray:
        """Means of p(x|z) at samples z of the prior: [image, height, width, channel] in [0, 1]."""
        with self.computing():
            z = self._vae.prior().sample(count, seed=tf.constant([seed, 0]))
            return self._vae.decode(z).mean().numpy()

    def codes(self, images: np.ndarray) -> np.ndarray:
        """Means of q(z|x): [image, latent]."""
        with self.computing():
            parts = self._parts(images)
            return np.concatenate([self._vae.encode(part).mean().numpy() for part in parts])

    def reconstructions(self, images: np.ndarray) -> np.ndarray:
        """Means of p(x|z) at the mean of q(z|x): [image, height, width, channel] in [0, 1]."""
        codes = self.codes(images)
        with self.computing():
            parts = self._parts(codes)
            return np.concatenate([self._vae.decode(part).mean().numpy() for part in parts])

    def maps(self, images: np.ndarray) -> np.ndarray:
        """-log p(x|z) by pixel at the mean of q(z|x), nats: [image, height, width]."""
        with self.computing():
            parts = self._parts(images)
            maps = [-pixel_log_likelihoods(self._vae, part).numpy() for part in parts]
        return np.concatenate(maps)

    def monitor(self) -> dict[str, float]:
        """Mean elbo, iwae, rate and distortion of the monitored images; the learning rate."""
        ids = np.arange(len(self._monitored))
        scores = self.score_likelihood(self._monitored, ids, seed=0)
        values = {key: float(scores[key].mean()) for key in ("elbo", "iwae", "rate", "distortion")}
        return values | {"learning_rate": float(self._optimizer.learning_rate)}

    def pictures(self) -> dict[str, np.ndarray]:
        """Monitored images, their reconstructions, and samples of the prior."""
        inputs = self._monitored[:NUM_PICTURES]
        z = self._vae.prior().sample(NUM_PICTURES, seed=(0, 0))
        return {
            "inputs": inputs,
            "reconstructions": self.reconstructions(inputs),
            "prior_samples": self._vae.decode(z).mean().numpy(),
        }

    def _parts(self, rows: np.ndarray) -> list[np.ndarray]:
        """Images or codes in parts that are computed at once."""
        size = images_at_once(64, self._vae.image_shape)
        return np.array_split(rows, max(1, len(rows) // size))

    def _step(self, images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        settings = self._settings
        shape = [settings.train_samples, settings.batch_size, settings.latent_size]
        noise = tf.random.stateless_normal(shape, seed)
        if settings.pixel_noise:
            images = replace_pixels(images, settings.pixel_noise, seed)
        return self._replicas.update(self._update, images, noise)

    def _update(self, images: tf.Tensor, noise: tf.Tensor) -> tf.Tensor:
        """One step of Adam on this device's share of a batch; returns the share's mean ELBO."""
        settings, replicas = self._settings, self._replicas
        images, noise = replicas.share(images), replicas.share(noise, axis=1)
        with tf.GradientTape() as tape:
            loss, rate, distortion = vae_loss(
                self._vae, images, noise, beta=settings.beta, analytic_kl=settings.analytic_kl
            )
        replicas.minimize(loss, self._vae.trainable_variables, tape, self._optimizer)
        return -(rate + distortion)


def new_vae(
    settings: VAESettings, image_shape: Sequence[int], seed: int, precision: str = "float32"
) -> VAE:
    """The VAE that the settings ask for, in this precision, with weights drawn from `seed`."""
    names = [field.name for field in dataclasses.fields(VAEArchitecture)]
    values = {name: getattr(settings, name) for name in names} | {"precision": precision}
    return VAE(image_shape, VAEArchitecture(**values), seed=seed)
