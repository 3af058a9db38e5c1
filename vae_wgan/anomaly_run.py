r"""Trains an ensemble on the normal rows of a table, then tests it on the anomalies and on noise.

python vae_wgan/anomaly_run.py --model_dir=runs/fraud
python vae_wgan/anomaly_run.py --train_dataset=own.csv --label_column=Class --normal_label=0
python vae_wgan/anomaly_run.py --model_dir=runs/fraud --skip_train=True \
    --score_file=new.csv --output=scores.csv
"""

import sys
from pathlib import Path

if not __package__:  # started as a file: the checkout's root takes the place of this folder
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from vae_wgan.run.start import start


def main() -> None:
    """Entry point of `anomaly-run`."""
    start("table", __doc__, story="vae_wgan.run.table_runs:run")


if __name__ == "__main__":
    main()
