"""Classifies the digits that the members of a WGAN run on MNIST generate.

python scripts/check_digits.py runs/wgan-mnist

Writes one line of JSON for the real test digits and one per member: the share that the classifier
is sure of (confidence above .9) and how many of these it takes for each digit.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

if not __package__:  # started as a file: the checkout's root takes the place of this folder
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from scripts.script_start import run_script, script_parser
from tools.data.images.image_registry import load_images, load_labels
from tools.errors import InputError
from tools.run.resuming import settle_settings
from tools.run.run_folder import RunFolder
from tools.run.seeds import child_seed
from vae_wgan.settings.wgan_settings import WGANSettings

SURE = 0.9


def main(arguments: Sequence[str] | None = None) -> int:
    """Checks the digits of a run; returns the exit status."""
    parser = script_parser(__doc__)
    parser.add_argument("model_dir", type=Path, help="folder of a run of wgan_run.py on mnist")
    parser.add_argument(
        "--count", type=int, default=1000, help="images of each member; default: %(default)s"
    )
    parser.add_argument(
        "--epochs", type=int, default=12, help="epochs of the classifier; default: %(default)s"
    )
    return run_script(parser, _check, arguments)


def verdict(probabilities: np.ndarray) -> dict[str, object]:
    """Summary of a classifier's predictions.

    Args:
        probabilities: Class probabilities [image, class].

    Returns:
        count; sure, the share of images with a probability above SURE; and classes, the number
        of sure images in each class.
    """
    sure = probabilities[probabilities.max(axis=1) > SURE]
    classes = np.bincount(sure.argmax(axis=1), minlength=probabilities.shape[1])
    return {
        "count": len(probabilities),
        "sure": round(len(sure) / len(probabilities), 4),
        "classes": classes.tolist(),
    }


def digit_classifier(images: np.ndarray, labels: np.ndarray, *, epochs: int, seed: int):
    """A small convolutional network, trained: from images [image, 28, 28, 1] to probabilities."""
    import tensorflow as tf  # here: a wrong flag need not wait for this import

    tf.keras.utils.set_random_seed(seed)
    layers = tf.keras.layers
    classifier = tf.keras.Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Conv2D(16, 5, strides=2, activation="relu"),
            layers.Conv2D(32, 5, strides=2, activation="relu"),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(64, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    classifier.compile("adam", "sparse_categorical_crossentropy")
    classifier.fit(images, labels, batch_size=64, epochs=epochs, verbose=0)
    return classifier


def _check(options: argparse.Namespace) -> None:
    folder = RunFolder(options.model_dir)
    wanted = WGANSettings(model_dir=str(options.model_dir), skip_train=True)
    settings = settle_settings(folder, wanted, set())
    if settings.train_dataset != "mnist":
        raise InputError(f"{folder.path} is a run on {settings.train_dataset}; give one on mnist")
    real, tested = (
        (
            load_images("mnist", split, options.data_dir),
            load_labels("mnist", split, options.data_dir),
        )
        for split in ("train", "test")
    )
    classifier = digit_classifier(
        real[0].examples, real[1], epochs=options.epochs, seed=options.seed
    )
    probabilities = classifier.predict(tested[0].examples, verbose=0)
    accuracy = float(np.mean(probabilities.argmax(axis=1) == tested[1]))
    _write("real test digits", verdict(probabilities) | {"accuracy": round(accuracy, 4)})

    from vae_wgan.ensemble.members import trained_members
    from vae_wgan.wgan.wgan_member import WGANMember

    model = WGANMember(settings, real[0].examples.shape[1:], real[0].examples[:64])
    members = trained_members(
        model, folder, num_models=settings.num_models, max_steps=settings.total_steps
    )
    for index, (member, *_) in enumerate(members):
        images = member.samples(options.count, child_seed(options.seed, "digits", index))
        _write(f"member {index}", verdict(classifier.predict(images, verbose=0)))


def _write(name: str, values: dict[str, object]) -> None:
    sys.stdout.write(json.dumps({"images": name} | values) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
