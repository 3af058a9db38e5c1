"""The VAE in its straightforward form, the yardstick of the benchmark."""

import numpy as np
import tensorflow as tf

from scripts.benchmarks.compared_settings import compared_settings
from scripts.benchmarks.plain_wgan import with_keras_layers
from vae_wgan.settings.vae_settings import VAESettings
from vae_wgan.vae.vae import VAE, vae_loss, vae_scores
from vae_wgan.vae.vae_member import VAEMember, new_vae

SCORES_IN_NATS = ("iwae", "elbo", "rate", "distortion")
NATS = 1e-4  # by which losses and scores may differ, beside what float32 rounds off
ROUNDING = 1e-6  # of a value that is the sum of 784 pixels
SHARE = 1e-3  # of its norm, by which the gradient of a tensor may differ: its terms cancel
WARM_UP = 100  # steps; before them all pixels have one logit, and rounding adds up


class ChangedResultError(Exception):
    """Error: two forms of the same model do not give the same numbers."""


def trained_vae(images: np.ndarray, seed: int) -> VAE:
    """A VAE after the first steps of the fast preset on the images, to compare forms with."""
    settings = compared_settings("fast")
    member = VAEMember(settings, images.shape[1:], images[:8])
    member.initialize(seed)
    member.train_steps(images, seed, range(WARM_UP))
    vae, state = new_vae(settings, images.shape[1:], seed), member.state()
    for variable in vae.variables:
        variable.assign(state[variable.path])
    return vae


class PlainVAE:
    """Keras's own transposed convolutions, and graphs that nothing compiles any further.

    Args:
        vae: The model whose weights it takes over.
        settings: Settings of the model.
    """

    def __init__(self, vae: VAE, settings: VAESettings):
        """Builds the networks anew."""
        self._settings = settings
        self.vae = new_vae(settings, vae.image_shape, seed=0)
        self.vae.set_weights(vae.get_weights())
        self.vae.decoder = with_keras_layers(self.vae.decoder)
        self._optimizer = tf.keras.optimizers.Adam(settings.learning_rate)
        self._update = tf.function(self._step)
        self._scores = tf.function(lambda images, noise: vae_scores(self.vae, images, noise))

    def train_steps(self, images: np.ndarray, seed: int, steps: range) -> None:
        """Steps of Adam on random images of those given [image, height, width, channel]."""
        settings = self._settings
        rng = np.random.default_rng(seed)
        noise_shape = (settings.train_samples, settings.batch_size, settings.latent_size)
        for _ in steps:
            rows = rng.integers(len(images), size=settings.batch_size)
            loss = self._update(images[rows], rng.standard_normal(noise_shape, np.float32))
        float(loss)

    def score(self, images: np.ndarray, noise: np.ndarray) -> dict[str, np.ndarray]:
        """The values of `vae_scores` for one batch, each [image]."""
        return {key: value.numpy() for key, value in self._scores(images, noise).items()}

    def _step(self, images: tf.Tensor, noise: tf.Tensor) -> tf.Tensor:
        loss, gradients = loss_and_gradients(self.vae, images, noise, self._settings.beta)
        weights = trained_variables(self.vae)
        self._optimizer.apply_gradients(zip(gradients, weights, strict=True))
        return loss


def loss_and_gradients(
    vae: VAE, images: tf.Tensor, noise: tf.Tensor, beta: float
) -> tuple[tf.Tensor, list[tf.Tensor]]:
    """The loss of a training step, and its gradients by the trainable variables."""
    with tf.GradientTape() as tape:
        loss, _, _ = vae_loss(vae, images, noise, beta=beta)
    return loss, tape.gradient(loss, trained_variables(vae))


def trained_variables(vae: VAE) -> list[tf.keras.Variable]:
    """The trainable variables; `vae` itself would list those of a replaced network, too."""
    networks = (vae.encoder, vae.decoder, vae.prior_network)
    return [variable for network in networks for variable in network.trainable_variables]


def check_training(
    vae: VAE, plain: PlainVAE, images: np.ndarray, noise: np.ndarray, settings: VAESettings
) -> None:
    """Raises ChangedResultError if loss or gradients of the compiled VAE are not the plain one's.

    Args:
        vae: The VAE.
        plain: Plain form of the same VAE.
        images: [image, height, width, channel] in [0, 1].
        noise: Standard normal [sample, image, latent].
        settings: With the loss's beta.
    """
    results = []
    for model, compiled in ((vae, settings.compile), (plain.vae, False)):
        function = tf.function(loss_and_gradients, jit_compile=compiled)
        results.append(function(model, images, noise, settings.beta))
    (loss, gradients), (plain_loss, plain_gradients) = results
    check_nats("loss", loss, plain_loss)
    variables = trained_variables(vae)
    for variable, ours, theirs in zip(variables, gradients, plain_gradients, strict=True):
        difference, norm = np.linalg.norm(ours - theirs), np.linalg.norm(theirs)
        if not difference <= SHARE * norm:
            fault = f"differs by {difference:.1e}, its norm is {norm:.1e}"
            raise ChangedResultError(f"gradient of {variable.path}: {fault}")


def check_nats(name: str, ours: np.ndarray, plain: np.ndarray) -> None:
    """Raises ChangedResultError if values of the two forms differ."""
    if not np.allclose(ours, plain, rtol=ROUNDING, atol=NATS):
        difference = np.abs(np.subtract(ours, plain)).max()
        raise ChangedResultError(f"{name}: differs by {difference} from that of the plain form")
