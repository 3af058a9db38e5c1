"""The scoring passes of a VAE: sampling, posterior mean, gradient norms, likelihood regret."""

from collections.abc import Callable, Collection
from functools import partial

import numpy as np

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
    on_gpu = processor_at_hand() == GPU

    def made(
        name: str,
        function: Callable,
        batch: int,
        noise_rows: int = 0,
        gives: Collection[str] = (),
    ) -> Pass:
        kernels = kernels_of(settings, name)
        vae = vae_in(kernels.precision)

        def noise(seed: int, ids: np.ndarray) -> np.ndarray:
            return normal_rows(seed, ids, (noise_rows, settings.latent_size)).swapaxes(0, 1)

        compiled = function_of_weights(vae, partial(function, vae), xla=kernels.xla)
        size = images_at_once(batch * (TIMES_ON_GPU if on_gpu else 1), vae.image_shape)
        return Pass(compiled, size, noise if noise_rows else no_noise, frozenset(gives))

    passes = {
        SAMPLING: made(
            SAMPLING,
            lambda vae, images, noise: vae_scores(vae, images, noise, settings.analytic_kl),
            batch=8,
            noise_rows=samples,
            gives=SAMPLED,
        ),
        POSTERIOR_MEAN: made(
            POSTERIOR_MEAN,
            lambda vae, images, noise: mean_code_scores(vae, images),
            batch=64,
            gives=AT_MEAN_CODE,
        ),
    }
    if GRADIENT_NORMS in quantities:
        passes[GRADIENTS] = made(
            GRADIENTS, lambda vae, images, noise: log_gradient_norms(vae, images), batch=16
        )
    if "likelihood_regret" in quantities:
        passes["regret"] = made(
            "regret",
            lambda vae, images, noise: {
                "likelihood_regret": likelihood_regret(
                    vae, images, noise[:samples], step_noise=noise[samples:]
                )
            },
            batch=8,
            noise_rows=samples + REGRET_STEPS,
        )
    return passes
