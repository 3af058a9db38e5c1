"""Trains and saves a detector, or loads one, and writes its scores; a part of check_gpu.py.

python scripts/check_gpu_detectors.py OutlierVAE FOLDER SCORES.npz
python scripts/check_gpu_detectors.py load FOLDER SCORES.npz
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

if not __package__:  # started as a file: the checkout's root takes the place of this folder
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import tensorflow as tf

from anomaly import (
    AdversarialAE,
    AdversarialVAE,
    ModelDistillation,
    OutlierVAE,
    load_detector,
    save_detector,
)

layers = tf.keras.layers
SIDE, CLASSES, CODE = 16, 3, 8


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes {"scores": [image]}; returns the exit status."""
    what, folder, output = sys.argv[1:] if arguments is None else arguments
    images = np.random.default_rng(0).random((512, SIDE, SIDE, 1), np.float32)
    if what == "load":
        detector = load_detector(folder)
    else:
        tf.keras.utils.set_random_seed(0)
        detector = _new_detector(what)
        detector.fit(images, epochs=2, verbose=False)
        save_detector(detector, folder)
    scores = detector.score(images[:100])
    np.savez(output, scores=scores[-1] if isinstance(scores, tuple) else scores)
    return 0


def _new_detector(name: str) -> Any:
    """A small detector of each kind by the name of its class."""
    networks = {"encoder_net": _encoder(), "decoder_net": _decoder()}
    match name:
        case "OutlierVAE":
            return OutlierVAE(latent_dim=CODE, samples=2, seed=0, **networks)
        case "AdversarialVAE":
            return AdversarialVAE(
                model=_classifier(), latent_dim=CODE, samples=2, seed=0, **networks
            )
        case "AdversarialAE":
            return AdversarialAE(model=_classifier(), **networks)
        case "ModelDistillation":
            return ModelDistillation(model=_classifier(), distilled_model=_classifier())
    raise ValueError(f"no detector is called {name!r}")


def _encoder() -> tf.keras.Model:
    convolution = layers.Conv2D(8, 4, strides=2, padding="same", activation="relu")
    shape = tf.keras.Input((SIDE, SIDE, 1))
    return tf.keras.Sequential([shape, convolution, layers.Flatten(), layers.Dense(CODE)])


def _decoder() -> tf.keras.Model:
    side = SIDE // 2
    return tf.keras.Sequential(
        [
            tf.keras.Input((CODE,)),
            layers.Dense(side * side * 4, activation="relu"),
            layers.Reshape((side, side, 4)),
            layers.Conv2DTranspose(1, 4, strides=2, padding="same", activation="sigmoid"),
        ]
    )


def _classifier() -> tf.keras.Model:
    inputs = tf.keras.Input((SIDE, SIDE, 1))
    hidden = layers.Conv2D(8, 4, strides=2, padding="same", activation="relu")(inputs)
    outputs = layers.Dense(CLASSES, activation="softmax")(layers.Flatten()(hidden))
    return tf.keras.Model(inputs, outputs)


if __name__ == "__main__":
    sys.exit(main())
