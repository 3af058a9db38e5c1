"""Wasserstein GAN: generator, critic, the critic trained on as a classifier, and their losses."""

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

        `networks` is a key of NETWORKS; for the others see `VAEArchitecture`.
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
        """Images of codes."""
        return tf.sigmoid(self.generator(z))

    def start_at(self, colour: np.ndarray) -> None:
        """Gives the images of a new generator this mean, a number in [0, 1] per channel.

        From the middle grey of an untrained one it runs after darker or brighter training images
        so far that the sigmoid has no gradient left, before the critic learns to tell it to stop.
        """
        colour = np.clip(colour, 0.01, 0.99)
        self.generator.layers[-1].bias.assign(np.log(colour / (1 - colour)))

    def logit(self, images: tf.Tensor) -> tf.Tensor:
        """What the critic says of images."""
        return self.critic(images)[:, 0]

    def extra_logit(self, images: tf.Tensor) -> tf.Tensor:
        """What the critic that was trained on says: log odds of real against generated."""
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
    """Cross-entropy of real against generated images in nats, log 2 for a critic that knows none.

    The means over as many of either: -log sigmoid(logit) is softplus(-logit).
    """
    real, fake = tf.nn.softplus(-real_logits), tf.nn.softplus(fake_logits)
    return (tf.reduce_mean(real) + tf.reduce_mean(fake)) / 2


def gradient_penalty(
    critic: Critic, real: tf.Tensor, fake: tf.Tensor, mixing: tf.Tensor
) -> tf.Tensor:
    """Mean of (|grad critic| - 1)**2 at points between real and generated images.

    Gulrajani et al. 2017, https://arxiv.org/abs/1704.00028.

    Args:
        critic: From images to logits [image].
        real: Images.
        fake: As many generated ones.
        mixing: Share of the generated image in each point, uniform on [0, 1): [image].
    """
    points = real + mixing[:, tf.newaxis, tf.newaxis, tf.newaxis] * (fake - real)
    with tf.GradientTape() as tape:
        tape.watch(points)
        logits = critic(points)
    gradients = tape.gradient(logits, points)
    squared_norms = tf.reduce_sum(gradients**2, axis=(1, 2, 3))
    # The root has no gradient at 0, where a critic that has died would turn all weights to NaN.
    norms = tf.sqrt(tf.maximum(squared_norms, 1e-12))
    return tf.reduce_mean((norms - 1) ** 2)


def critic_updates(step: int, usual: int, boosted: int) -> int:
    """Updates of the critic before the generator's update of this number, counted from 0.

    As in 2018 there are more in the first 25 steps, and in every 500th.
    """
    return boosted if step < 25 or step % 500 == 0 else usual


def critic_updates_before(step: int, usual: int, boosted: int) -> int:
    """Sum of `critic_updates` over all earlier steps."""
    boosted_steps = min(step, 25) + max(0, (step - 1) // 500)
    return boosted * boosted_steps + usual * (step - boosted_steps)
