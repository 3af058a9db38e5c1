"""Attacked sets: noise and test images, changed so that member 0 calls them more normal."""

import dataclasses
import logging
from collections.abc import Iterator, Sequence

from tools.data.example_set import ExampleSet, digest_of
from vae_wgan.ensemble.member import Member
from vae_wgan.settings.image_settings import ImageSettings

_LOG = logging.getLogger(__name__)
PREFIX = "adv_"


def adversarial_sets(
    member: Member, example_sets: Sequence[ExampleSet], settings: ImageSettings
) -> Iterator[ExampleSet]:
    """Yields each set after the attack, with unchanged ids.

    Args:
        member: The attacked member.
        example_sets: Sets of images before the attack.
        settings: The run's settings; `adversarial_epsilon` and `adversarial_steps` set its size.
    """
    for example_set in example_sets:
        _LOG.info("%s: making it more normal", example_set.name)
        examples = member.more_normal(
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
