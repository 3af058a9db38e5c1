"""The scoring passes of a VAE: sampling, posterior mean, gradient norms, likelihood regret."""

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tools.run.kernels import GPU
from tools.run.seeds import normal_rows
from tools.scores.costs import SAMPLING
from tools.scores.score_registry import GRADIENT_NORMS
from vae_wgan.ensemble.devices import processor_at_hand
from vae_wgan.ensemble.model_state import function_of_weights
from vae_wgan.ensemble.network_member import Pass, no_noise
from vae_wgan.settings.vae_settings import VAESettings
from vae_wgan.vae.gradient_norms import log_gradient_norms
from vae_wgan.vae.likelihood_regret import REGRET_STEPS, likelihood_regret
from vae_wgan.vae.vae import AT_MEAN_CODE, SAMPLED, VAE, mean_code_scores, vae_scores
from vae_wgan.vae.vae_kernels import GRADIENTS, POSTERIOR_MEAN, kernels_of
from vae_wgan.vae.vae_networks import images_at_once

# A batch that fills a GPU is larger than one that fits a CPU's cache.
TIMES_ON_GPU = 8
CODES_AT_ONCE = 128  # decoded in one call of the sampling pass


class _Recipe(NamedTuple):
    """What a pass computes; its function maps the model, images and noise to quantities."""

    function: Callable[[VAE, tf.Tensor, tf.Tensor], Mapping[str, tf.Tensor]]
    batch: int
    noise_rows: int = 0
    gives: Collection[str] = ()


def scoring_passes(
    vae_in: Callable[[str], VAE], settings: VAESettings, quantities: Collection[str]
) -> dict[str, Pass]:
    """The passes that compute a VAE's quantities of images, by name.

    Args:
        vae_in: From a precision to the model in it; each pass takes its weights as an argument.
        settings: Settings of the run.
        quantities: Names of the wanted quantities; the passes for gradient norms and likelihood
            regret are made only if these are among them.
    """
    samples = settings.n_samples

    def sampled(vae: VAE, images: tf.Tensor, noise: tf.Tensor) -> Mapping[str, tf.Tensor]:
        return vae_scores(vae, images, noise, settings.analytic_kl)

    def regret(vae: VAE, images: tf.Tensor, noise: tf.Tensor) -> Mapping[str, tf.Tensor]:
        first, further = noise[:samples], noise[samples:]
        return {"likelihood_regret": likelihood_regret(vae, images, first, step_noise=further)}

    recipes = {
        SAMPLING: _Recipe(sampled, max(8, CODES_AT_ONCE // samples), samples, SAMPLED),
        POSTERIOR_MEAN: _Recipe(
            lambda vae, images, _: mean_code_scores(vae, images), 64, gives=AT_MEAN_CODE
        ),
    }
    if GRADIENT_NORMS in quantities:
        recipes[GRADIENTS] = _Recipe(lambda vae, images, _: log_gradient_norms(vae, images), 16)
    if "likelihood_regret" in quantities:
        recipes["regret"] = _Recipe(regret, 8, samples + REGRET_STEPS)
    return {name: _pass(name, recipe, vae_in, settings) for name, recipe in recipes.items()}


def _pass(name: str, recipe: _Recipe, vae_in: Callable[[str], VAE], settings: VAESettings) -> Pass:
    kernels = kernels_of(settings, name)
    vae = vae_in(kernels.precision)

    def noise(seed: int, ids: np.ndarray) -> np.ndarray:
        shape = (recipe.noise_rows, settings.latent_size)
        return normal_rows(seed, ids, shape).swapaxes(0, 1)

    compiled = function_of_weights(vae, partial(recipe.function, vae), xla=kernels.xla)
    batch = recipe.batch * (TIMES_ON_GPU if processor_at_hand() == GPU else 1)
    size = images_at_once(batch, vae.image_shape)
    return Pass(compiled, size, noise if recipe.noise_rows else no_noise, frozenset(recipe.gives))
