"""Wasserstein GAN: generator, critic, a copy of the critic that becomes a classifier, losses."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tools.run.seeds import seed_stream
from vae_wgan.vae.vae_networks import critic_network, decoder_network, layers_in
from vae_wgan.wgan.dcgan_networks import dcgan_critic, dcgan_generator

Critic = Callable[[tf.Tensor], tf.Tensor]
NETWORKS = {  # generator and critic
    "dcgan": (dcgan_generator, dcgan_critic),
    "reference": (decoder_network, critic_network),
}


class WGAN(tf.keras.Model):
    """A generator and two critics of one architecture.

    Codes are [image, z], images [image, height, width, channel] in [0, 1], logits [image],
    higher = more like the training images.
    """

    def __init__(
        self,
        image_shape: Sequence[int],
        *,
        z_dim: int,
        base_depth: int,
        activation: str,
        seed: int,
        networks: str = "reference",
        precision: str = "float32",
    ):
        """Builds the networks with initial weights drawn from `seed`.

        `networks` is a key of NETWORKS; `VAEArchitecture` explains the other arguments.
        """
        super().__init__(name="wgan")
        options: dict[str, Any] = {
            "latent_size": z_dim,
            "base_depth": base_depth,
            "activation": activation,
            "next_seed": seed_stream(seed),
        }
        make_generator, make_critic = NETWORKS[networks]
        with layers_in(precision):
            self.generator = make_generator(image_shape, **options)
            self.critic = make_critic(image_shape, **options)
            self.extra_critic = make_critic(image_shape, name="extra_critic", **options)
        self.built = True

    def generate(self, z: tf.Tensor) -> tf.Tensor:
        """Generates images from codes."""
        return tf.sigmoid(self.generator(z))

    def start_at(self, colour: np.ndarray) -> None:
        """Initializes the generator's last bias so that its images have this mean [channel].

        From middle grey, a generator would move towards darker or brighter training images until
        the sigmoid saturates, before the critic has learned to stop it.
        """
        colour = np.clip(colour, 0.01, 0.99)
        self.generator.layers[-1].bias.assign(np.log(colour / (1 - colour)))

    def logit(self, images: tf.Tensor) -> tf.Tensor:
        """The critic's logits [image]."""
        return self.critic(images)[:, 0]

    def extra_logit(self, images: tf.Tensor) -> tf.Tensor:
        """The classifier's logits [image]: log odds of real against generated."""
        return self.extra_critic(images)[:, 0]


def critic_loss(real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
    """Minus the estimate of the Wasserstein distance: mean fake - mean real logit.

    Arjovsky et al. 2017, https://arxiv.org/abs/1701.07875.
    """
    return tf.reduce_mean(fake_logits) - tf.reduce_mean(real_logits)


def generator_loss(fake_logits: tf.Tensor) -> tf.Tensor:
    """Minus the mean logit of generated images."""
    return -tf.reduce_mean(fake_logits)


def classifier_loss(real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
    """Binary cross-entropy of real against generated images, in nats; log 2 at chance.

    -log sigmoid(logit) = softplus(-logit); real and generated images have equal weight.
    """
    real, fake = tf.nn.softplus(-real_logits), tf.nn.softplus(fake_logits)
    return (tf.reduce_mean(real) + tf.reduce_mean(fake)) / 2


def gradient_penalty(
    critic: Critic, real: tf.Tensor, fake: tf.Tensor, mixing: tf.Tensor
) -> tf.Tensor:
    """Mean of (|grad critic| - 1)**2 at points between real and generated images.

    Gulrajani et al. 2017, https://arxiv.org/abs/1704.00028.

    Args:
        critic: Maps images to logits [image].
        real: Real images [image, height, width, channel].
        fake: Generated images of the same shape.
        mixing: Weight of the generated image in each point, [image], uniform on [0, 1).
    """
    points = real + mixing[:, tf.newaxis, tf.newaxis, tf.newaxis] * (fake - real)
    with tf.GradientTape() as tape:
        tape.watch(points)
        logits = critic(points)
    gradients = tape.gradient(logits, points)
    squared_norms = tf.reduce_sum(gradients**2, axis=(1, 2, 3))
    # The square root has no gradient at 0: a constant critic would turn all weights to NaN.
    norms = tf.sqrt(tf.maximum(squared_norms, 1e-12))
    return tf.reduce_mean((norms - 1) ** 2)


def critic_updates(step: int, usual: int, boosted: int) -> int:
    """Number of critic updates before the generator's update of this step, counted from 0.

    As in 2018, there are more in the first 25 steps and in every 500th.
    """
    return boosted if step < 25 or step % 500 == 0 else usual


def critic_updates_before(step: int, usual: int, boosted: int) -> int:
    """Sum of `critic_updates` over all earlier steps."""
    boosted_steps = min(step, 25) + max(0, (step - 1) // 500)
    return boosted * boosted_steps + usual * (step - boosted_steps)
