"""Trains an ensemble of denoisers, then tests it against out-of-distribution images.

python vae_wgan/denoiser_run.py --train_dataset=cifar10 --model_dir=runs/denoiser-cifar10
python vae_wgan/denoiser_run.py --model_dir=runs/denoiser-cifar10 --skip_train=True
"""

import sys
from pathlib import Path

if not __package__:  # started as a file: the checkout's root takes the place of this folder
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from vae_wgan.run.start import start


def main() -> None:
    """Entry point of `denoiser-run`."""
    start("denoiser", __doc__)


if __name__ == "__main__":
    main()
