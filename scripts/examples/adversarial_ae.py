"""AdversarialAE defends a classifier of MNIST against FGSM and PGD.

python scripts/examples/adversarial_ae.py --fast

Prints the classifier's accuracy on clean and attacked images: undefended, on reconstructions, and
corrected, where only flagged images are reconstructed.
"""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

if not __package__:  # started as a file: the checkout's root takes the place of this folder
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from scripts.examples.defence import Correct, tell_defence
from scripts.script_start import example_parser, run_script


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the example; returns the exit status."""
    story = partial(tell_defence, "AdversarialAE", correct_with)
    return run_script(example_parser(__doc__), story, arguments)


def correct_with(detector: Any) -> Correct:
    """The detector's own correction."""
    return lambda images: detector.correct(images)["data"]


if __name__ == "__main__":
    sys.exit(main())
