"""Trains an ensemble of WGANs, then tests it against out-of-distribution images.

python vae_wgan/wgan_run.py --train_dataset=mnist --model_dir=runs/wgan-mnist
python vae_wgan/wgan_run.py --model_dir=runs/wgan-mnist --skip_train=True
"""

import sys
from pathlib import Path

if not __package__:  # started as a file: the checkout's root takes the place of this folder
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from tools.run.command_line import run_from_command_line
from vae_wgan.settings.wgan_settings import WGANSettings


def main() -> None:
    """Entry point of `wgan-run`."""
    run_from_command_line(WGANSettings, _run, description=__doc__)


def _run(settings: WGANSettings, given: set[str]) -> None:
    from vae_wgan.run.wgan_experiment import run  # here: a wrong flag need not wait for this import

    run(settings, given)


if __name__ == "__main__":
    main()
