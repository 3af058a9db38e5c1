"""ModelDistillation tells harmful corruptions of CIFAR-10 from harmless ones.

python scripts/examples/model_distillation.py --fast

A corruption is harmful to an image that the classifier then gets wrong, and harmless where it
stays right; images that it gets wrong without corruption count in neither group. Prints, per
severity, the classifier's accuracy and the detector's mean score in both groups, and writes the
plot to --output.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

if not __package__:  # started as a file: the checkout's root takes the place of this folder
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from scripts.script_start import example_parser, run_script
from tools.data.corruptions.corruption_kinds import SEVERITIES, corrupt
from tools.run.seeds import child_seed

TEST_IMAGES = 1000
KINDS = ("gaussian_noise", "shot_noise", "gaussian_blur", "contrast", "pixelate")


class Harm(NamedTuple):
    """Effect of corruptions of one severity: accuracy, and the scores [image] of both groups."""

    severity: int
    accuracy: float
    harmful: np.ndarray
    harmless: np.ndarray


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the example; returns the exit status."""
    return run_script(example_parser(__doc__), _tell, arguments)


def _tell(options: argparse.Namespace) -> None:
    from scripts.zoo_recipes import fetch_or_train, load_labelled  # these load TensorFlow

    test = load_labelled("cifar10", "test", options.data_dir, count=TEST_IMAGES, seed=options.seed)
    detector = fetch_or_train("ModelDistillation", "cifar10", options)
    harms = [harm_of(detector, *test, severity, seed=options.seed) for severity in SEVERITIES]
    options.output.mkdir(parents=True, exist_ok=True)
    draw_harms(harms).savefig(options.output / "harmful_corruptions.png")
    sys.stdout.write(f"{harms_text(harms)}\nThe plot is in {options.output}\n")


def harm_of(
    detector: Any, images: np.ndarray, labels: np.ndarray, severity: int, *, seed: int
) -> Harm:
    """Applies each kind of corruption; divides the scores into harmful and harmless ones."""
    right_before = classes(detector, images) == labels
    scores, right_after = [], []
    for name in KINDS:
        corrupted = corrupt(name, images, severity, seed=child_seed(seed, name, severity))
        scores.append(detector.score(corrupted))
        right_after.append(classes(detector, corrupted) == labels)
    scores, right_after = np.stack(scores), np.stack(right_after)  # [corruption, image]
    return Harm(
        severity,
        accuracy=float(right_after.mean()),
        harmful=scores[right_before & ~right_after],
        harmless=scores[right_before & right_after],
    )


def classes(detector: Any, images: np.ndarray) -> np.ndarray:
    """The classifier's answers, int [image]."""
    return detector.model.predict(images, verbose=0).argmax(axis=1)


def harms_text(harms: Sequence[Harm]) -> str:
    """A table of the severities, and what it shows."""
    lines = ["severity   accuracy   score, harmful   score, harmless"]
    lines += [
        f"{harm.severity:8d} {harm.accuracy:10.3f} {_mean(harm.harmful):16.3f} "
        f"{_mean(harm.harmless):17.3f}"
        for harm in harms
    ]
    higher = sum(_mean(harm.harmful) > _mean(harm.harmless) for harm in harms)
    lines.append(f"Harmful corruptions have the higher mean score at {higher} of {len(harms)}.")
    return "\n".join(lines)


def draw_harms(harms: Sequence[Harm]) -> Figure:
    """Mean score with its standard deviation, and the accuracy, against the severity."""
    figure = Figure(figsize=(6, 6), layout="constrained")
    scores, accuracy = figure.subplots(2, sharex=True)
    severities = [harm.severity for harm in harms]
    for group in ("harmful", "harmless"):
        values = [getattr(harm, group) for harm in harms]
        deviations = [np.std(part) if len(part) else np.nan for part in values]
        scores.errorbar(severities, [*map(_mean, values)], deviations, capsize=4, label=group)
    scores.set(ylabel="score, mean and deviation")
    scores.legend()
    accuracy.plot(severities, [harm.accuracy for harm in harms])
    accuracy.set(xlabel="severity", ylabel="accuracy", xticks=severities, ylim=(0, 1))
    return figure


def _mean(scores: np.ndarray) -> float:
    """NaN for a group without images, such as harmful ones of a perfect classifier."""
    return float(np.mean(scores)) if len(scores) else float("nan")


if __name__ == "__main__":
    sys.exit(main())
