"""All kinds of models, a line each."""

import dataclasses
import pkgutil
from typing import Any

from tools.run.manifest import Manifest
from tools.run.options import member_settings
from vae_wgan.ensemble.model_kind import ModelKind
from vae_wgan.settings.any_settings import AnySettings

# Where the class of each kind is: it is loaded when it is asked for.
KINDS = {
    "vae": "vae_wgan.vae.vae_kind:VAEKind",
    "wgan": "vae_wgan.wgan.wgan_kind:WGANKind",
    "table": "vae_wgan.table.table_kind:TableKind",
}
_SCORING_SETTINGS = ("num_models", "n_samples", "compile", "ddof")


def kind_named(name: str) -> ModelKind[Any, Any]:
    """The kind of this name, a key of KINDS."""
    return pkgutil.resolve_name(KINDS[name])()


def kind_of_run(manifest: Manifest) -> ModelKind[Any, Any] | None:
    """The kind of the members that a run has trained; None: it is the manifest of no run."""
    saved, is_table = manifest.settings.keys(), manifest.encoder is not None
    kinds = [kind for kind in map(kind_named, KINDS) if kind.takes_tables == is_table]
    wanted = {kind: kept_settings(kind.settings_class()).keys() for kind in kinds}
    fitting = [kind for kind in kinds if wanted[kind] <= saved]
    # Of several, the one that knows most of the settings.
    return max(fitting, key=lambda kind: len(wanted[kind]), default=None)


def kept_settings(settings: AnySettings) -> dict[str, Any]:
    """The settings that members and their scores depend on."""
    names = {field.name for field in dataclasses.fields(settings)}.intersection(_SCORING_SETTINGS)
    return member_settings(settings) | {name: getattr(settings, name) for name in sorted(names)}
