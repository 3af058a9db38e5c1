"""Noise and test images that member 0 has been made to take for normal, as sets to be scored."""

import dataclasses
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import tensorflow as tf

from tools.data.example_set import ExampleSet, digest_of
from tools.run.checkpoints import read_checkpoint
from vae_wgan.run.adversarial_inputs import more_normal

_LOG = logging.getLogger(__name__)
PREFIX = "adv_"


class AdversarialSettings(Protocol):
    """How far, and in how many steps; one step is FGSM."""

    adversarial_epsilon: float
    adversarial_steps: int
    compile: bool


class Attacked(Protocol):
    """A model whose score has a gradient."""

    def load_state(self, arrays: dict[str, np.ndarray]) -> None:
        """Becomes one member."""

    def normality(self, images: tf.Tensor) -> tf.Tensor:
        """A score without noise of images, higher = more normal: [image]."""


def adversarial_sets(
    member: Attacked,
    checkpoint: Path,
    example_sets: Sequence[ExampleSet],
    settings: AdversarialSettings,
) -> Iterator[ExampleSet]:
    """The sets after the attack, with the ids of those before it.

    Args:
        member: Becomes the member that is attacked.
        checkpoint: That member's.
        example_sets: Images, before the attack.
        settings: Of the run.
    """
    member.load_state(read_checkpoint(checkpoint).arrays)
    for example_set in example_sets:
        _LOG.info("%s: making it more normal", example_set.name)
        examples = more_normal(
            member.normality,
            example_set.examples,
            epsilon=settings.adversarial_epsilon,
            steps=settings.adversarial_steps,
            compile=settings.compile,
        )
        yield dataclasses.replace(
            example_set,
            name=f"{PREFIX}{example_set.name}",
            examples=examples,
            checksum=digest_of(examples),
        )
