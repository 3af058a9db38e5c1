"""AdversarialVAE defends a classifier of MNIST against FGSM and PGD.

python scripts/examples/adversarial_vae.py --fast

Prints the classifier's accuracy on clean and attacked images: undefended, on reconstructions, and
corrected, where only flagged images are reconstructed. The detector itself only flags; the
correction here averages the classifier's probabilities over reconstructions.
"""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

if not __package__:  # started as a file: the checkout's root takes the place of this folder
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from scripts.examples.defence import Correct, tell_defence
from scripts.script_start import example_parser, run_script


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the example; returns the exit status."""
    story = partial(tell_defence, "AdversarialVAE", correct_with)
    return run_script(example_parser(__doc__), story, arguments)


def correct_with(detector: Any) -> Correct:
    """Correction by the mean probabilities of `detector.samples` reconstructions."""

    def correct(images: np.ndarray) -> dict[str, np.ndarray]:
        flagged = detector.predict(images)["data"]["is_adversarial"]
        undefended = detector.model(images).numpy().argmax(axis=1)
        probabilities = [detector.model(detector.vae(images)) for _ in range(detector.samples)]
        defended = np.mean(probabilities, axis=0).argmax(axis=1)
        return {
            "is_adversarial": flagged,
            "no_defense": undefended,
            "defense": defended,
            "corrected": np.where(flagged, defended, undefended),
        }

    return correct


if __name__ == "__main__":
    sys.exit(main())
