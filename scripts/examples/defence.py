"""Common part of the examples of adversarial detectors: attacks and defends a classifier."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from tools.run.seeds import child_seed

EPSILON = 0.2  # largest change of a pixel in [0, 1]
TEST_IMAGES = 1000


class Defence(NamedTuple):
    """Accuracies on images under one attack, and the share of images that the detector flags."""

    attack: str
    undefended: float
    reconstructed: float
    corrected: float
    flagged: float


Correct = Callable[[np.ndarray], Mapping[str, np.ndarray]]


def tell_defence(
    name: str, correct_with: Callable[[Any], Correct], options: argparse.Namespace
) -> None:
    """Trains or fetches the detector for MNIST and prints how it defends the classifier.

    Args:
        name: The detector's class.
        correct_with: Function from the detector to one from images to the classes under the keys
            no_defense, defense and corrected, and to is_adversarial, each [image].
        options: The flags.
    """
    from scripts.zoo_recipes import fetch_or_train, load_labelled  # these load TensorFlow

    test = load_labelled("mnist", "test", options.data_dir, count=TEST_IMAGES, seed=options.seed)
    detector = fetch_or_train(name, "mnist", options)
    table = defence_table(detector.model, correct_with(detector), *test, seed=options.seed)
    sys.stdout.write(f"{defence_text(table)}\n")


def defence_table(
    model: Any, correct: Correct, images: np.ndarray, labels: np.ndarray, seed: int
) -> list[Defence]:
    """The defence of the clean images, and under each attack."""
    from anomaly.machinery.attacks import fgsm, pgd

    attacked = {
        "none": images,
        "FGSM": fgsm(model, images, labels, EPSILON),
        "PGD": pgd(model, images, labels, EPSILON, seed=child_seed(seed, "PGD")),
    }
    return [defence(name, correct(inputs), labels) for name, inputs in attacked.items()]


def defence(attack: str, answers: Mapping[str, np.ndarray], labels: np.ndarray) -> Defence:
    """Accuracies of a detector's answers; see `tell_defence`."""
    accuracies = [
        float(np.mean(answers[key] == labels)) for key in ("no_defense", "defense", "corrected")
    ]
    return Defence(attack, *accuracies, float(np.mean(answers["is_adversarial"])))


def recovered_share(clean: Defence, attacked: Defence) -> float:
    """Share of the accuracy lost to the attack that correction restores."""
    return (attacked.corrected - attacked.undefended) / (clean.undefended - attacked.undefended)


def defence_text(table: Sequence[Defence]) -> str:
    """The table and a summary; the first line is about clean images."""
    lines = [f"Accuracy on MNIST; attacks change pixels by up to {EPSILON}", ""]
    lines.append("attack   undefended   reconstructed   corrected   flagged")
    lines += [
        f"{row.attack:8} {row.undefended:10.3f} {row.reconstructed:15.3f} "
        f"{row.corrected:11.3f} {row.flagged:9.3f}"
        for row in table
    ]
    clean, *attacked = table
    lines += [
        f"Correction gives back {recovered_share(clean, row):.0%} of what {row.attack} took."
        for row in attacked
        if row.undefended < clean.undefended
    ]
    return "\n".join(lines)
