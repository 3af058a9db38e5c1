"""What an entry script calls: flags, then the story of a run."""

import pkgutil
from typing import Any

from tools.run.command_line import run_from_command_line
from vae_wgan.ensemble.model_kind import ModelKind
from vae_wgan.kinds import kind_named
from vae_wgan.settings.any_settings import AnySettings


def start(kind_name: str, description: str, *, story: str = "vae_wgan.run.start:run") -> None:
    """Parses the flags of a kind of model, and tells the story of a run.

    Args:
        kind_name: A key of `vae_wgan.kinds.KINDS`.
        description: What `--help` begins with.
        story: Import path of a function of kind, settings and the names of the flags given by
            hand; a wrong flag does not wait for its import.
    """
    kind = kind_named(kind_name)

    def tell(settings: AnySettings, given: set[str]) -> None:
        pkgutil.resolve_name(story)(kind, settings, given)

    run_from_command_line(kind.settings_class, tell, description=description)


def run(kind: ModelKind[Any, Any], settings: AnySettings, given: set[str]) -> None:
    """The story of a run of any kind."""
    from vae_wgan.run.run import Run  # here: a wrong flag does not wait for this import

    Run(kind, settings, given).execute()
