"""Settings under which forms of a VAE, and machines, are compared."""

from typing import Any

from tools.run.options import settings_of_preset
from vae_wgan.settings.vae_settings import VAESettings


def compared_settings(preset: str, **by_hand: Any) -> VAESettings:
    """The preset's settings in float32, with 16 samples and the same kernels on all processors."""
    same = {"precision": "float32", "processor": "any", "n_samples": 16}
    return settings_of_preset(VAESettings, preset, **(same | by_hand))
