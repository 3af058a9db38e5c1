"""Registry of the kinds of models."""

import dataclasses
import pkgutil
from typing import Any

from tools.run.manifest import Manifest
from tools.run.options import member_settings
from vae_wgan.ensemble.model_kind import AnyKind
from vae_wgan.settings.any_settings import AnySettings

# Import path of each kind's class, which is imported on first use.
KINDS = {
    "vae": "vae_wgan.vae.vae_kind:VAEKind",
    "wgan": "vae_wgan.wgan.wgan_kind:WGANKind",
    "denoiser": "vae_wgan.denoiser.denoiser_kind:DenoiserKind",
    "table": "vae_wgan.table.table_kind:TableKind",
    "features": "vae_wgan.features.features_kind:FeaturesKind",
}
_NEWER = {"processor"}  # settings that runs of earlier versions lack
_SCORING_SETTINGS = (
    *("num_models", "n_samples", "compile", "ddof", "features", "feature_weights"),
    *_NEWER,
)


def kind_named(name: str) -> AnyKind:
    """The kind of model with this name, a key of KINDS."""
    return pkgutil.resolve_name(KINDS[name])()


def kind_of_run(manifest: Manifest) -> AnyKind | None:
    """Kind of the members of the run with this manifest; None: no kind fits its settings."""
    saved, is_table = manifest.settings.keys(), manifest.encoder is not None
    kinds = [kind for kind in map(kind_named, KINDS) if kind.takes_tables == is_table]
    wanted = {kind: kept_settings(kind.settings_class()).keys() - _NEWER for kind in kinds}
    fitting = [kind for kind in kinds if wanted[kind] <= saved]
    # If several kinds fit, the one that uses most of the settings.
    return max(fitting, key=lambda kind: len(wanted[kind]), default=None)


def kept_settings(settings: AnySettings) -> dict[str, Any]:
    """The settings that determine members and their scores, by name."""
    names = {field.name for field in dataclasses.fields(settings)}.intersection(_SCORING_SETTINGS)
    return member_settings(settings) | {name: getattr(settings, name) for name in sorted(names)}
