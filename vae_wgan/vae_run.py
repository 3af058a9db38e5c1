"""Trains an ensemble of VAEs, then tests it against out-of-distribution images.

python vae_wgan/vae_run.py --train_dataset=mnist --model_dir=runs/mnist
python vae_wgan/vae_run.py --model_dir=runs/mnist --skip_train=True
"""

import sys
from pathlib import Path

if not __package__:  # started as a file: the checkout's root takes the place of this folder
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from tools.run.command_line import run_from_command_line
from vae_wgan.settings.vae_settings import VAESettings


def main() -> None:
    """Entry point of `vae-run`."""
    run_from_command_line(VAESettings, _run, description=__doc__)


def _run(settings: VAESettings, given: set[str]) -> None:
    from vae_wgan.run.vae_experiment import run  # here: a wrong flag need not wait for this import

    run(settings, given)


if __name__ == "__main__":
    main()
