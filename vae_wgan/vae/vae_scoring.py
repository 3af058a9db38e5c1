"""The passes in which one VAE says what it makes of images: sampling, mean, gradients, regret."""

from collections.abc import Callable, Collection
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tools.run.seeds import normal_rows
from tools.run.stopwatch import Stopwatch
from tools.scores.score_registry import GRADIENT_NORMS
from vae_wgan.settings.vae_settings import VAESettings
from vae_wgan.vae.gradient_norms import log_gradient_norms
from vae_wgan.vae.likelihood_regret import REGRET_STEPS, likelihood_regret
from vae_wgan.vae.vae import VAE, mean_code_scores, vae_scores


class Pass(NamedTuple):
    """One compiled function over all images.

    Attributes:
        scores: Function from images [image, height, width, channel] and noise [sample, image,
            latent] to values [image] by name.
        batch: Images in one call; the last batch is filled up. Small where layers of many times
            as many images would not stay in the processor's cache.
        samples: Rows of noise per image.
    """

    scores: Callable[[tf.Tensor, tf.Tensor], dict[str, tf.Tensor]]
    batch: int
    samples: int


class VAEScoring:
    """All that is saved of what a VAE says; the values of a pass do not depend on the others.

    Args:
        vae: The model, whose weights may change between calls.
        settings: Of the run.
        statistics: Names of the values that are wanted; those that cost further passes are left
            out unless they are among them.
    """

    def __init__(self, vae: VAE, settings: VAESettings, statistics: Collection[str]):
        """Chooses the passes."""
        self._latent_size = settings.latent_size
        self.stopwatch = Stopwatch()
        samples = settings.n_samples

        def made(function: Callable, batch: int, samples: int = 0) -> Pass:
            compiled = tf.function(function, jit_compile=settings.compile, autograph=False)
            return Pass(compiled, batch, samples)

        self.passes = {
            "sampling": made(
                lambda images, noise: vae_scores(vae, images, noise, settings.analytic_kl),
                batch=8,
                samples=samples,
            ),
            "posterior mean": made(lambda images, noise: mean_code_scores(vae, images), batch=64),
        }
        if GRADIENT_NORMS in statistics:
            self.passes["gradients"] = made(
                lambda images, noise: log_gradient_norms(vae, images), batch=16
            )
        if "likelihood_regret" in statistics:
            self.passes["regret"] = made(
                lambda images, noise: {
                    "likelihood_regret": likelihood_regret(
                        vae, images, noise[:samples], step_noise=noise[samples:]
                    )
                },
                batch=8,
                samples=samples + REGRET_STEPS,
            )

    def score(self, images: np.ndarray, ids: np.ndarray, seed: int) -> dict[str, np.ndarray]:
        """The values of all passes for images of any number, each float32 [image].

        Args:
            images: [image, height, width, channel] in [0, 1].
            ids: [image]; with the seed they determine each image's noise.
            seed: Of the noise.
        """
        scores = {}
        for name in self.passes:
            scores |= self.score_in(name, images, ids, seed)
        return scores

    def score_in(
        self, name: str, images: np.ndarray, ids: np.ndarray, seed: int
    ) -> dict[str, np.ndarray]:
        """The values of one pass; the arguments are those of `score`."""
        size = self.passes[name].batch
        batches = []
        for start in range(0, len(images), size):
            part = slice(start, start + size)
            with self.stopwatch.timed(name, len(images[part])):
                batches.append(self._batch(self.passes[name], images[part], ids[part], seed))
        return {key: np.concatenate([batch[key] for batch in batches]) for key in batches[0]}

    def _batch(
        self, scoring: Pass, images: np.ndarray, ids: np.ndarray, seed: int
    ) -> dict[str, np.ndarray]:
        noise = normal_rows(seed, ids, (scoring.samples, self._latent_size))
        filled = np.arange(scoring.batch).clip(max=len(images) - 1)  # repeats the last image
        values = scoring.scores(images[filled], noise[filled].swapaxes(0, 1))
        return {key: value.numpy()[: len(images)] for key, value in values.items()}
