"""Entry point of the entry scripts: parses flags and starts a run."""

import pkgutil
from typing import Any

from tools.run.command_line import run_from_command_line
from vae_wgan.ensemble.model_kind import ModelKind
from vae_wgan.kinds import kind_named
from vae_wgan.settings.any_settings import AnySettings


def start(kind_name: str, description: str, *, story: str = "vae_wgan.run.start:run") -> None:
    """Parses the flags of a kind of model and starts a run.

    Args:
        kind_name: A key of `vae_wgan.kinds.KINDS`.
        description: First paragraph of `--help`.
        story: Import path of a function (kind, settings, names of the flags given by hand) that
            executes the run. It is imported after the flags are checked, so that a wrong flag
            fails at once.
    """
    kind = kind_named(kind_name)

    def tell(settings: AnySettings, given: set[str]) -> None:
        pkgutil.resolve_name(story)(kind, settings, given)

    run_from_command_line(kind.settings_class, tell, description=description)


def run(kind: ModelKind[Any, Any], settings: AnySettings, given: set[str]) -> None:
    """Executes a run of any kind of model."""
    from vae_wgan.run.run import Run  # imported here: a wrong flag fails before it

    Run(kind, settings, given).execute()
