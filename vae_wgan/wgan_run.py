"""Trains an ensemble of WGANs, then tests it against out-of-distribution images.

python vae_wgan/wgan_run.py --train_dataset=mnist --model_dir=runs/wgan-mnist
python vae_wgan/wgan_run.py --model_dir=runs/wgan-mnist --skip_train=True
"""

import sys
from pathlib import Path

if not __package__:  # started as a file: the checkout's root takes the place of this folder
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from vae_wgan.run.start import start


def main() -> None:
    """Entry point of `wgan-run`."""
    start("wgan", __doc__)


if __name__ == "__main__":
    main()
