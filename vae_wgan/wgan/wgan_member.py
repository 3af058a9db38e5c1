"""A WGAN as a member of an ensemble: optimizers, compiled training steps, scores, pictures."""

from collections.abc import Collection, Sequence

import numpy as np
import tensorflow as tf

from tools.data.images.byte_images import ByteImages
from tools.run.batches import batch_rows
from tools.run.seeds import child_seed
from vae_wgan.ensemble.model_state import function_of_weights
from vae_wgan.ensemble.network_member import NetworkMember, Pass
from vae_wgan.layers.replicas import Replicas
from vae_wgan.settings.wgan_settings import WGANSettings
from vae_wgan.wgan.wgan import (
    WGAN,
    classifier_loss,
    critic_loss,
    critic_updates,
    critic_updates_before,
    generator_loss,
    gradient_penalty,
)

SCORE_BATCH = 100  # images per compiled scoring call; the last batch is padded
NUM_PICTURES = 64


class WGANMember(NetworkMember):
    """A WGAN with its optimizers.

    Steps 0..max_steps-1 update the critic, several times perhaps, and then the generator. The
    following extra_steps train a copy of the critic to tell real from generated images.

    Args:
        settings: Settings of the run.
        image_shape: Height, width, channels.
        monitored: Images [image, height, width, channel] that `monitor` uses.
        quantities: Not used: one pass through the critics gives all quantities.
    """

    def __init__(
        self,
        settings: WGANSettings,
        image_shape: Sequence[int],
        monitored: np.ndarray,
        quantities: Collection[str] = (),
    ):
        """Builds the networks and the compiled functions."""
        self._settings = settings
        self._image_shape = image_shape
        self._monitored = monitored
        self._replicas = Replicas(settings.batch_size)
        with self._replicas.scope():
            self._wgan = self._new_wgan(seed=0)
            self._generator_optimizer = self._optimizer(
                "generator", self._wgan.generator, settings.learning_rate_ger, settings.max_steps
            )
            updates = self._critic_updates_before(settings.max_steps)
            self._critic_optimizer = self._optimizer(
                "critic", self._wgan.critic, settings.learning_rate_dis, updates
            )
            self._extra_optimizer = self._optimizer(
                "extra",
                self._wgan.extra_critic,
                settings.learning_rate_extra,
                settings.extra_steps,
            )
        optimizers = (self._generator_optimizer, self._critic_optimizer, self._extra_optimizer)
        super().__init__(self._wgan, optimizers, self._new_wgan)
        self._examples: np.ndarray | None = None
        self._images: tf.Tensor | None = None
        # Fixed signatures: steps with more critic updates share the same graph.
        batches = (
            tf.TensorSpec([None, *image_shape]),
            tf.TensorSpec([None, settings.batch_size], tf.int64),
            tf.TensorSpec([2], tf.int32),
        )
        self._compiled_cycle, self._compiled_extra_step = (
            self._replicas.compiled(function, batches, xla=settings.compile)
            for function in (self._cycle, self._extra_step)
        )
        self._compiled_losses = tf.function(
            self._losses, jit_compile=settings.compile, autograph=False
        )
        logits = function_of_weights(self._wgan, self._logits, xla=settings.compile)
        self.passes = {"critics": Pass(logits, SCORE_BATCH)}

    def train_steps(self, examples: np.ndarray, seed: int, steps: range) -> dict[str, float]:
        """Runs training steps; returns the losses of the last one.

        The examples are copied to the device once, and each step receives row numbers only; of
        `ByteImages`, which are too many for that, each step receives its own.
        """
        in_parts = isinstance(examples, ByteImages)
        if self._examples is not examples and not in_parts:
            self._examples, self._images = examples, tf.constant(examples)
        order, noise = child_seed(seed, "order"), child_seed(seed, "noise")
        for step in steps:
            if step == 0:
                self._wgan.start_at(examples.mean(axis=(0, 1, 2)))
            if step == self._settings.max_steps:
                self._wgan.extra_critic.set_weights(self._wgan.critic.get_weights())
            is_extra = step >= self._settings.max_steps
            train = self._compiled_extra_step if is_extra else self._compiled_cycle
            rows = np.stack(
                [
                    batch_rows(order, len(examples), self._settings.batch_size, batch)
                    for batch in self._batches(step)
                ]
            )
            if in_parts:
                self._images = tf.constant(examples[rows.ravel()])
                rows = np.arange(rows.size).reshape(rows.shape)
            losses = train(self._images, rows, np.array([noise, step], np.int32))
        return {name: float(loss) for name, loss in losses.items()}

    def normality(self, images: tf.Tensor) -> tf.Tensor:
        """The classifier's logit [image], higher = more normal."""
        with self.computing():
            return self._wgan.extra_logit(images)

    def samples(self, count: int, seed: int) -> np.ndarray:
        """Generated images [image, height, width, channel] in [0, 1]."""
        z = tf.random.stateless_normal([count, self._settings.z_dim], (seed, 0))
        parts = [z[start : start + NUM_PICTURES] for start in range(0, count, NUM_PICTURES)]
        with self.computing():
            return np.concatenate([self._wgan.generate(part).numpy() for part in parts])

    def monitor(self) -> dict[str, float]:
        """Losses, gradient penalty and gradient norms on the monitored images."""
        values = self._compiled_losses(self._monitored)
        return {name: float(value) for name, value in values.items()}

    def pictures(self) -> dict[str, np.ndarray]:
        """Generated images, from the same codes each time."""
        return {"samples": self.samples(NUM_PICTURES, seed=0)}

    def _new_wgan(self, seed: int) -> WGAN:
        settings = self._settings
        return WGAN(
            self._image_shape,
            z_dim=settings.z_dim,
            base_depth=settings.base_depth,
            activation=settings.activation,
            networks=settings.networks,
            precision=settings.precision,
            seed=seed,
        )

    def _optimizer(
        self, name: str, network: tf.keras.Model, rate: float, updates: int
    ) -> tf.keras.optimizers.Optimizer:
        settings, name = self._settings, f"{name}_optimizer"
        # A constant rate would become a variable, which `initialize` sets to zero.
        last_rate = 0.0 if settings.learning_rate_decay else rate
        schedule = tf.keras.optimizers.schedules.PolynomialDecay(rate, updates, last_rate)
        if settings.is_adam:
            optimizer = tf.keras.optimizers.Adam(schedule, beta_1=0.0, beta_2=0.9, name=name)
        else:
            optimizer = tf.keras.optimizers.RMSprop(schedule, epsilon=1e-10, name=name)  # of 2018
        optimizer.build(network.trainable_variables)
        return optimizer

    def _batches(self, step: int) -> range:
        """Numbers of the batches of real images in a step, counted over all steps."""
        settings = self._settings
        past_end = step - settings.max_steps
        if past_end >= 0:
            first, count = self._critic_updates_before(settings.max_steps) + past_end, 1
        else:
            first = self._critic_updates_before(step)
            count = critic_updates(step, settings.Citers, settings.Citers_boosted)
        return range(first, first + count)

    def _critic_updates_before(self, step: int) -> int:
        return critic_updates_before(step, self._settings.Citers, self._settings.Citers_boosted)

    def _cycle(self, images: tf.Tensor, rows: tf.Tensor, seed: tf.Tensor) -> dict[str, tf.Tensor]:
        """Updates the critic on each batch of `rows` [batch, image], then the generator once."""
        count = tf.shape(rows)[0]

        def update(index: tf.Tensor, _: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            real, own_seed = tf.gather(images, rows[index]), tf.random.fold_in(seed, index)
            loss = self._replicas.update(self._update_critic, real, own_seed)
            self._clip_critic()
            return index + 1, loss

        # One at a time: each update changes the weights that the next one reads.
        _, loss = tf.while_loop(
            lambda index, _: index < count, update, (0, 0.0), parallel_iterations=1
        )
        return {
            "critic_loss": loss,
            "generator_loss": self._replicas.update(
                self._update_generator, tf.random.fold_in(seed, count)
            ),
        }

    def _update_critic(self, real: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        settings, critic, share = self._settings, self._wgan.critic, self._replicas.share
        codes, mixing = map(share, self._critic_noise(real, seed))
        with tf.GradientTape() as tape:
            loss, penalty = self._critic_terms(share(real), codes, mixing)
            objective = loss if settings.mode == "regular" else loss + settings.lam * penalty
        self._replicas.minimize(objective, critic.trainable_variables, tape, self._critic_optimizer)
        return loss

    def _clip_critic(self) -> None:
        settings = self._settings
        if settings.mode == "regular":
            for weight in self._wgan.critic.trainable_variables:
                weight.assign(tf.clip_by_value(weight, settings.clamp_lower, settings.clamp_upper))

    def _update_generator(self, seed: tf.Tensor) -> tf.Tensor:
        generator = self._wgan.generator
        codes = self._replicas.share(self._codes(self._settings.batch_size, seed))
        with tf.GradientTape() as tape:
            loss = generator_loss(self._wgan.logit(self._wgan.generate(codes)))
        weights = generator.trainable_variables
        self._replicas.minimize(loss, weights, tape, self._generator_optimizer)
        return loss

    def _extra_step(
        self, images: tf.Tensor, rows: tf.Tensor, seed: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """Updates the classifier once."""
        real = tf.gather(images, rows[0])
        return {"extra_loss": self._replicas.update(self._update_extra, real, seed)}

    def _update_extra(self, real: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        extra_critic, share = self._wgan.extra_critic, self._replicas.share
        codes = self._codes(real.shape[0], seed)
        with tf.GradientTape() as tape:
            loss = self._extra_loss(share(real), share(codes))
        weights = extra_critic.trainable_variables
        self._replicas.minimize(loss, weights, tape, self._extra_optimizer)
        return loss

    def _codes(self, count: int, seed: tf.Tensor) -> tf.Tensor:
        return tf.random.stateless_normal([count, self._settings.z_dim], seed)

    def _critic_noise(self, real: tf.Tensor, seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """A code for each real image, and the argument `mixing` of `gradient_penalty`."""
        codes_seed, mixing_seed = tf.unstack(tf.random.split(seed))
        mixing = tf.random.stateless_uniform([real.shape[0]], mixing_seed)
        return self._codes(real.shape[0], codes_seed), mixing

    def _critic_terms(
        self, real: tf.Tensor, codes: tf.Tensor, mixing: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The critic's loss on real and as many generated images, and its gradient penalty."""
        fake = tf.stop_gradient(self._wgan.generate(codes))
        logits = self._wgan.logit(tf.concat([real, fake], 0))
        loss = critic_loss(*tf.split(logits, 2))
        return loss, gradient_penalty(self._wgan.logit, real, fake, mixing)

    def _extra_loss(self, real: tf.Tensor, codes: tf.Tensor) -> tf.Tensor:
        fake = tf.stop_gradient(self._wgan.generate(codes))
        return classifier_loss(*tf.split(self._wgan.extra_logit(tf.concat([real, fake], 0)), 2))

    def _logits(self, images: tf.Tensor, noise: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"logit": self._wgan.logit(images), "extra_logit": self._wgan.extra_logit(images)}

    def _losses(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        wgan, seed = self._wgan, tf.constant([0, 0])
        codes = self._codes(images.shape[0], seed)
        with tf.GradientTape(persistent=True) as tape:
            loss, penalty = self._critic_terms(images, *self._critic_noise(images, seed))
            of_generator = generator_loss(wgan.logit(wgan.generate(codes)))
        critic_gradients = tape.gradient(loss, wgan.critic.trainable_variables)
        generator_gradients = tape.gradient(of_generator, wgan.generator.trainable_variables)
        return {
            "critic_loss": loss,
            "generator_loss": of_generator,
            "extra_loss": self._extra_loss(images, codes),
            "gradient_penalty": penalty,
            "critic_gradient_norm": tf.linalg.global_norm(critic_gradients),
            "generator_gradient_norm": tf.linalg.global_norm(generator_gradients),
        }
