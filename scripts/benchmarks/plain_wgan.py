"""WGAN training in its straightforward form, the yardstick of the benchmark."""

import numpy as np
import tensorflow as tf

from vae_wgan.layers.activations import PiecewiseLinearActivation
from vae_wgan.layers.convolutions import FewFiltersConv2D, SubpixelConv2DTranspose
from vae_wgan.settings.wgan_settings import WGANSettings
from vae_wgan.wgan.wgan import WGAN, critic_loss, generator_loss, gradient_penalty

KERAS_FORM = {
    SubpixelConv2DTranspose: tf.keras.layers.Conv2DTranspose,
    FewFiltersConv2D: tf.keras.layers.Conv2D,
    PiecewiseLinearActivation: tf.keras.layers.Activation,
}


class PlainWGAN:
    """The networks of WGANMember built of Keras's own layers, with one Python call per update.

    Each call takes NumPy arrays and returns its loss.
    """

    def __init__(self, settings: WGANSettings, images: np.ndarray):
        """Builds networks for the images [image, height, width, channel]."""
        self._settings, self._images = settings, images
        self._rng = np.random.default_rng(settings.seed)
        wgan = WGAN(
            images.shape[1:],
            z_dim=settings.z_dim,
            base_depth=settings.base_depth,
            activation=settings.activation,
            networks=settings.networks,
            seed=settings.seed,
        )
        self.critic, self.generator = map(with_keras_layers, (wgan.critic, wgan.generator))
        self._critic_optimizer, self._generator_optimizer = (
            tf.keras.optimizers.Adam(1e-4, beta_1=0.5, beta_2=0.9) for _ in range(2)
        )
        self._update_critic = tf.function(self._critic_step)
        self._update_generator = tf.function(self._generator_step)

    def train_steps(self, steps: range) -> None:
        """Trains so many generator updates, each after Citers critic updates."""
        size = self._settings.batch_size
        for _ in steps:
            for _ in range(self._settings.Citers):
                real = self._images[self._rng.integers(len(self._images), size=size)]
                mixing = self._rng.random(size, np.float32)
                float(self._update_critic(real, self._codes(), mixing))
            float(self._update_generator(self._codes()))

    def _codes(self) -> np.ndarray:
        shape = (self._settings.batch_size, self._settings.z_dim)
        return self._rng.standard_normal(shape, np.float32)

    def _generate(self, z: tf.Tensor) -> tf.Tensor:
        return tf.sigmoid(self.generator(z))

    def _logit(self, images: tf.Tensor) -> tf.Tensor:
        return self.critic(images)[:, 0]

    def _critic_step(self, real: tf.Tensor, z: tf.Tensor, mixing: tf.Tensor) -> tf.Tensor:
        fake, weights = self._generate(z), self.critic.trainable_variables
        with tf.GradientTape() as tape:
            loss = critic_loss(self._logit(real), self._logit(fake))
            loss += self._settings.lam * gradient_penalty(self._logit, real, fake, mixing)
        gradients = tape.gradient(loss, weights)
        self._critic_optimizer.apply_gradients(zip(gradients, weights, strict=True))
        return loss

    def _generator_step(self, z: tf.Tensor) -> tf.Tensor:
        weights = self.generator.trainable_variables
        with tf.GradientTape() as tape:
            loss = generator_loss(self._logit(self._generate(z)))
        gradients = tape.gradient(loss, weights)
        self._generator_optimizer.apply_gradients(zip(gradients, weights, strict=True))
        return loss


def with_keras_layers(network: tf.keras.Sequential) -> tf.keras.Sequential:
    """The network rebuilt of Keras's own layers, with the same weights."""
    plain = tf.keras.Sequential([tf.keras.layers.Input(network.input_shape[1:])])
    for layer in network.layers:
        kind = KERAS_FORM.get(type(layer), type(layer))
        plain.add(kind.from_config(layer.get_config()))
    plain.set_weights(network.get_weights())
    return plain
