"""Trains the detectors of the documents and writes them as a zoo for fetch_detector.

python scripts/train_zoo.py --zoo=FOLDER [--detectors=OutlierVAE,AdversarialAE] [--fast]

OutlierVAE is trained on CIFAR-10, the adversarial detectors for classifiers of MNIST and CIFAR-10.
The full settings want a GPU.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

if not __package__:  # started as a file: the checkout's root takes the place of this folder
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from scripts.script_start import run_script, script_parser
from tools.errors import InputError

DATASETS = ("mnist", "cifar10")
DATASETS_OF = {
    "OutlierVAE": ("cifar10",),
    "AdversarialAE": DATASETS,
    "AdversarialVAE": DATASETS,
    "ModelDistillation": DATASETS,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Trains what the flags choose; returns the exit status."""
    parser = script_parser(__doc__)
    parser.add_argument("--zoo", type=Path, required=True, help="folder of the zoo")
    for flag, known in (("--detectors", DATASETS_OF), ("--datasets", DATASETS)):
        parser.add_argument(
            flag, default=",".join(known), help="names, separated by commas; default: %(default)s"
        )
    parser.add_argument(
        "--fast", action="store_true", help="narrow networks and few epochs, for two cores"
    )
    return run_script(parser, _train, arguments)


def _train(options: argparse.Namespace) -> None:
    detectors = _chosen("detectors", options.detectors, DATASETS_OF)
    for dataset in _chosen("datasets", options.datasets, DATASETS):
        names = [name for name in detectors if dataset in DATASETS_OF[name]]
        if names:
            _train_for(dataset, names, options)


def _train_for(dataset: str, names: Sequence[str], options: argparse.Namespace) -> None:
    """Trains the detectors of one data set; the adversarial ones share its classifier."""
    from anomaly import save_detector  # after the flags are checked: these load TensorFlow
    from anomaly.model_zoo import write_index, zoo_path
    from scripts.zoo_recipes import place_in_zoo, start_training, train_classifier, train_detector

    effort, data = start_training(dataset, options)
    model = None if names == ["OutlierVAE"] else train_classifier(data, effort)
    for name in names:
        detector = train_detector(name, dataset, data.images, model, effort)
        save_detector(detector, options.zoo / zoo_path(**place_in_zoo(name, dataset)))
        write_index(options.zoo)


def _chosen(flag: str, text: str, known: Sequence[str]) -> list[str]:
    names = text.split(",")
    for name in names:
        if name not in known:
            raise InputError(f"--{flag}={name}: known are {', '.join(known)}")
    return names


if __name__ == "__main__":
    sys.exit(main())
