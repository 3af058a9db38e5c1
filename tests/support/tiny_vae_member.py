"""A VAE of a few filters as a run's member, and the images that the tests of members share."""

import numpy as np

from vae_wgan.settings.vae_settings import VAESettings
from vae_wgan.vae.vae_member import VAEMember

SETTINGS = VAESettings(
    latent_size=3,
    base_depth=2,
    n_flows=2,
    max_steps=6,
    batch_size=4,
    n_samples=2,
    learning_rate=1e-2,
    compile=False,
)
_RANDOM = np.random.default_rng(0)
IMAGES = _RANDOM.random((11, 28, 28, 1), np.float32)
IDS = _RANDOM.permutation(1000)[: len(IMAGES)]


def make_member(settings: VAESettings = SETTINGS, seed: int = 0) -> VAEMember:
    """A new member; what it holds out of training are the first three images."""
    member = VAEMember(settings, (28, 28, 1), monitored=IMAGES[:3])
    member.initialize(seed)
    return member
