"""Trains an ensemble of VAEs, then tests it against out-of-distribution images.

python vae_wgan/vae_run.py --train_dataset=mnist --model_dir=runs/mnist
python vae_wgan/vae_run.py --model_dir=runs/mnist --skip_train=True
"""

import sys
from pathlib import Path

if not __package__:  # started as a file: the checkout's root takes the place of this folder
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from vae_wgan.run.start import start


def main() -> None:
    """Entry point of `vae-run`."""
    start("vae", __doc__)


if __name__ == "__main__":
    main()
