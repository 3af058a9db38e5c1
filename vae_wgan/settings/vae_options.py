"""Flags that the VAEs of images and of tables share, each stated once.

Each function returns a new field, since two dataclasses cannot share a field object.
"""

from typing import Any, Protocol

from tools.errors import InputError
from tools.run.options import option


class PriorSettings(Protocol):
    """The settings that choose the prior."""

    @property
    def use_NF(self) -> bool:  # noqa: N802  the name of 2018
        """Whether the prior is a flow."""

    @property
    def mixture_components(self) -> int:
        """Components of the mixture prior, which is used if the prior is not a flow."""

    @property
    def analytic_kl(self) -> bool:
        """Whether the rate is computed in closed form."""


def latent_size() -> Any:
    """Field `latent_size`."""
    return option(16, "Dimensions of a latent code z.", at_least=1, shapes_members=True)


def use_nf() -> Any:
    """Field `use_NF`."""
    return option(
        True,
        "The prior p(z) is a stack of masked autoregressive flows; False: a mixture of diagonal"
        " normal distributions.",
        shapes_members=True,
    )


def mixture_components() -> Any:
    """Field `mixture_components`."""
    return option(
        100,
        "Components of the mixture prior; 1: the standard normal distribution.",
        at_least=1,
        shapes_members=True,
    )


def analytic_kl() -> Any:
    """Field `analytic_kl`; see `check_analytic_kl`."""
    return option(
        False,
        "Computes the rate KL(q(z|x) || p(z)) in closed form; needs --use_NF=False"
        " --mixture_components=1.",
        shapes_members=True,
    )


def train_samples(example: str) -> Any:
    """Field `train_samples`; `example` is the word for one example: image or row."""
    return option(
        1,
        f"Samples of z per {example} in a training step.",
        at_least=1,
        shapes_members=True,
        reference=16,
    )


def learning_rate(fast: float, reference: float) -> Any:
    """Field `learning_rate`, with its values in the presets fast and reference."""
    return option(
        fast,
        "Initial learning rate of Adam; a cosine decay brings it to 0 at max_steps.",
        above=0,
        shapes_members=True,
        reference=reference,
    )


def beta() -> Any:
    """Field `beta`."""
    return option(
        1.0,
        "Weight of the rate in the loss; 1: the loss is the negative ELBO.",
        at_least=0,
        shapes_members=True,
    )


def elbo_threshold(examples: str) -> Any:
    """Field `elbo_threshold`; `examples` is the word for several examples: images or rows."""
    return option(
        None,
        f"Counts the {examples} whose ELBO, averaged over members, is below minus this many nats."
        " Empty: no count.",
        at_least=0,
        reference=5.0,
    )


def check_analytic_kl(settings: PriorSettings) -> None:
    """Raises InputError where the rate has no closed form."""
    if settings.analytic_kl and (settings.use_NF or settings.mixture_components != 1):
        raise InputError("--analytic_kl needs --use_NF=False and --mixture_components=1")
