"""Noise and test images that member 0 has been made to take for normal, as sets to be scored."""

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
    """The sets after the attack, with the ids of those before it.

    Args:
        member: The member that is attacked.
        example_sets: Images before the attack.
        settings: How far it goes, and in how many steps.
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
