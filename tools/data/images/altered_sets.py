"""Test images that are corrupted or perturbed, step by step, as sets to be scored."""

import dataclasses
from collections.abc import Iterator, Sequence

from tools.data.corruptions.corruption_kinds import corrupt
from tools.data.corruptions.perturbations import perturbed
from tools.data.example_set import ExampleSet


def corrupted_sets(
    images: ExampleSet, kinds: Sequence[str], severities: Sequence[int], seed: int
) -> Iterator[ExampleSet]:
    """The images with each corruption at each severity, named corruption.KIND.SEVERITY.

    Args:
        images: With one or three channels.
        kinds: Keys of CORRUPTIONS.
        severities: 1 to 5.
        seed: Of what is drawn; with it an image's id determines what becomes of it.
    """
    for kind in kinds:
        for severity in severities:
            examples = corrupt(kind, images.examples, severity, seed=seed, ids=images.ids)
            name = f"corruption.{kind}.{severity}"
            yield dataclasses.replace(images, name=name, examples=examples)


def perturbed_sets(images: ExampleSet, kinds: Sequence[str], seed: int) -> Iterator[ExampleSet]:
    """The steps of each perturbation, named perturbation.KIND.STEP; step 0 are the images."""
    for kind in kinds:
        steps = perturbed(kind, images.examples, seed=seed, ids=images.ids)
        for step, examples in enumerate(steps):
            name = f"perturbation.{kind}.{step}"
            yield dataclasses.replace(images, name=name, examples=examples)
