"""Entry point of the entry scripts: parses flags and starts a run."""

import pkgutil

from tools.run.command_line import run_from_command_line
from vae_wgan.ensemble.model_kind import AnyKind
from vae_wgan.kinds import kind_named
from vae_wgan.settings.any_settings import AnySettings
from vae_wgan.settings.image_settings import ImageSettings


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


def run(kind: AnyKind, settings: ImageSettings, given: set[str]) -> None:
    """Executes a run on images, or scores the pictures of --score_file."""
    # Imported here: a wrong flag fails before them.
    if settings.score_file:
        from vae_wgan.run.score_file import score_pictures

        score_pictures(settings, given)
    else:
        from vae_wgan.run.run import Run

        Run(kind, settings, given).execute()
