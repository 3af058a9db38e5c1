"""Settings of `vae_run.py`: every flag with its value in each preset."""

import dataclasses
from typing import Any, ClassVar

from tools.data.images.image_datasets import IMAGE_DATASETS
from tools.errors import InputError
from tools.run.options import option
from tools.scores.score_registry import fitted_scores
from vae_wgan.settings.image_settings import ImageSettings

SCORE_KEYS = ("iwae", "elbo", "rate", "distortion", "posterior_mean", "posterior_stddev")
# Those that come from the passes that are made in any case.
QUICK_SCORE_KEYS = (
    "iwae",
    "rate",
    "likelihood_residual",
    "bias_corrected",
    "input_complexity",
    "typicality",
    "dose",
    "likelihood_path",
    "fisher",
)


@dataclasses.dataclass(frozen=True)
class VAESettings(ImageSettings):
    """Settings of one run of a VAE ensemble. Help texts are the flags' documentation."""

    MODEL: ClassVar[str] = "vae"
    HELP_TITLE: ClassVar[str] = "The VAEs and their training"

    latent_size: int = option(16, "Numbers in one latent code z.", at_least=1, shapes_members=True)
    likelihood: str = option(
        "auto",
        "p(x|z). bernoulli, as in 2018, is no normalized density on grey values. auto:"
        " discretized_logistic where train_dataset names a set in colour, else bernoulli.",
        choices=("auto", "bernoulli", "continuous_bernoulli", "discretized_logistic"),
        shapes_members=True,
    )
    use_NF: bool = option(  # noqa: N815  the name of 2018
        True,
        "Prior of masked autoregressive flows; False: a mixture of diagonal normals.",
        shapes_members=True,
    )
    n_flows: int = option(
        6, "Flows in the prior; 0: the standard normal.", at_least=0, shapes_members=True
    )
    mixture_components: int = option(
        100,
        "Components of the mixture prior; 1: the standard normal.",
        at_least=1,
        shapes_members=True,
    )
    analytic_kl: bool = option(
        False,
        "Takes the rate in closed form; needs --use_NF=False --mixture_components=1.",
        shapes_members=True,
    )

    max_steps: int = option(
        3000,
        "Training steps of a member.",
        at_least=1,
        shapes_members=True,
        reference=5001,
        smoke=200,
    )
    batch_size: int = option(
        8, "Images in a training step.", at_least=1, shapes_members=True, reference=32
    )
    train_samples: int = option(
        1,
        "Samples of z per image in a training step.",
        at_least=1,
        shapes_members=True,
        reference=16,
    )
    learning_rate: float = option(
        1e-3,
        "Of Adam at the first step; falls to 0 at max_steps along a cosine.",
        above=0,
        shapes_members=True,
    )
    start_at_mean: bool = option(
        True,
        "Training begins with a decoder whose images have the training images' mean colour.",
        shapes_members=True,
        reference=False,
    )
    beta: float = option(1.0, "Weight of the rate in the loss.", at_least=0, shapes_members=True)
    pixel_noise: float = option(
        0.0,
        "Share of the pixels that uniform values replace in training, others in each step.",
        at_least=0,
        shapes_members=True,
    )

    n_samples: int = option(16, "Samples of z per image in scoring.", at_least=1, smoke=8)
    score_keys: tuple[str, ...] = option(
        (*QUICK_SCORE_KEYS, "gradient_norm", "residual_and_gradient"),
        "Scores in the tables and plots. residual_and_gradient and gradient_norm share a pass over"
        " the images, likelihood_regret costs longer ones, likelihood_ratio a second ensemble.",
        choices=(*SCORE_KEYS, *fitted_scores(of_critics=False)),
        smoke=QUICK_SCORE_KEYS,
    )
    background_rates: tuple[str, ...] = option(
        ("0.2",),
        "Values of pixel_noise of the second ensembles that likelihood_ratio needs, one each. The"
        " best of several is chosen on held-out images.",
    )
    elbo_threshold: float | None = option(
        None,
        "Counts the examples whose ELBO, averaged over members, lies below minus this many nats.",
        at_least=0,
        reference=5.0,
    )

    @property
    def total_steps(self) -> int:
        """Training steps of a member."""
        return self.max_steps

    def __post_init__(self):
        """Checks what no single flag can, and fills in the likelihood and the folders."""
        check_analytic_kl(self)
        if self.pixel_noise > 1:
            raise InputError(f"--pixel_noise={self.pixel_noise}: must be at most 1")
        if not self.background_rates or not all(map(_is_share, self.background_rates)):
            raise InputError(
                f"--background_rates={','.join(self.background_rates)}: write shares of the pixels,"
                " above 0 and at most 1, as .1,.2"
            )
        super().__post_init__()
        named = IMAGE_DATASETS.get(self.train_dataset)
        in_colour = named is not None and named.image_shape[2] > 1
        likelihood = "discretized_logistic" if in_colour else "bernoulli"
        self._fill_in("likelihood", likelihood, placeholder="auto")


def check_analytic_kl(settings: Any) -> None:
    """Raises InputError where the rate has no closed form."""
    if settings.analytic_kl and (settings.use_NF or settings.mixture_components != 1):
        raise InputError("--analytic_kl needs --use_NF=False and --mixture_components=1")


def _is_share(text: str) -> bool:
    try:
        return 0 < float(text) <= 1
    except ValueError:
        return False
