"""Corrupted and perturbed test images, as sets to be scored."""

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np

from tools.data.corruptions.corruption_kinds import corrupt
from tools.data.corruptions.perturbations import perturbed
from tools.data.example_set import ExampleSet
from tools.run.manifest import CORRUPTION, PERTURBATION, Alteration


def corrupted_sets(
    images: ExampleSet, kinds: Sequence[str], severities: Sequence[int], seed: int
) -> Iterator[ExampleSet]:
    """The images with each corruption at each severity, named corruption.KIND.SEVERITY.

    Args:
        images: Images with one or three channels.
        kinds: Keys of CORRUPTIONS.
        severities: 1 to 5.
        seed: Seed; together with an image's id it determines how the image is corrupted.
    """
    for kind in kinds:
        for severity in severities:
            examples = corrupt(kind, images.examples, severity, seed=seed, ids=images.ids)
            yield _altered(images, examples, Alteration(CORRUPTION, kind, severity))


def perturbed_sets(images: ExampleSet, kinds: Sequence[str], seed: int) -> Iterator[ExampleSet]:
    """The images at each step of each perturbation, named perturbation.KIND.STEP."""
    for kind in kinds:
        steps = perturbed(kind, images.examples, seed=seed, ids=images.ids)
        for step, examples in enumerate(steps):
            yield _altered(images, examples, Alteration(PERTURBATION, kind, step))


def _altered(images: ExampleSet, examples: np.ndarray, alteration: Alteration) -> ExampleSet:
    return dataclasses.replace(
        images, name=alteration.name, examples=examples, alteration=alteration
    )
