"""Trains an ensemble of densities of a pretrained network's features, for photos of products.

python vae_wgan/features_run.py --train_dataset=photos --ood_datasets=odd --model_dir=runs/photos
python vae_wgan/features_run.py --model_dir=runs/photos --skip_train=True
"""

import sys
from pathlib import Path

if not __package__:  # started as a file: the checkout's root takes the place of this folder
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from vae_wgan.run.start import start


def main() -> None:
    """Entry point of `features-run`."""
    start("features", __doc__)


if __name__ == "__main__":
    main()
