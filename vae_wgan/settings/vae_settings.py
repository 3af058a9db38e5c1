"""Flags of `vae_run.py` that only VAEs have, each with a default per preset."""

import dataclasses
from typing import ClassVar, Self

from tools.data.images.image_datasets import IMAGE_DATASETS
from tools.errors import InputError
from tools.run.kernels import PROCESSORS
from tools.run.options import option
from tools.scores.score_registry import fitted_scores
from vae_wgan.settings import vae_options
from vae_wgan.settings.image_settings import ImageSettings

AUTO = "auto"
LEAST_STEPS, MOST_STEPS, PASSES = 300, 3000, 40  # of training, and over its images
SCORE_KEYS = ("iwae", "elbo", "rate", "distortion", "posterior_mean", "posterior_stddev")
# Scores that need no further pass over the images.
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
# Of the preset reference: the gradients take as long as all else (docs/performance.md).
REFERENCE_SCORE_KEYS = (*QUICK_SCORE_KEYS, "gradient_norm", "residual_and_gradient")


@dataclasses.dataclass(frozen=True)
class VAESettings(ImageSettings):
    """Settings of one run of a VAE ensemble. Help texts are the flags' documentation."""

    MODEL: ClassVar[str] = "vae"
    HELP_TITLE: ClassVar[str] = "The VAEs and their training"

    latent_size: int = vae_options.latent_size()
    likelihood: str = option(
        "auto",
        "Distribution p(x|z) of the pixels. bernoulli, as in 2018, is no normalized density on grey"
        " values. auto: discretized_logistic for a named set in colour, else bernoulli.",
        choices=("auto", "bernoulli", "continuous_bernoulli", "discretized_logistic"),
        shapes_members=True,
    )
    use_NF: bool = vae_options.use_nf()  # noqa: N815  the name of 2018
    n_flows: int = option(
        6,
        "Number of flows in the prior; 0: the standard normal distribution.",
        at_least=0,
        shapes_members=True,
    )
    mixture_components: int = vae_options.mixture_components()
    analytic_kl: bool = vae_options.analytic_kl()

    max_steps: int | None = option(
        None,
        "Training steps per member. Empty: 40 passes over the training images, 300 to 3,000 steps.",
        at_least=1,
        shapes_members=True,
        reference=5001,
        smoke=200,
    )
    batch_size: int = option(
        8, "Images in one training step of a member.", at_least=1, shapes_members=True, reference=32
    )
    train_samples: int = vae_options.train_samples("image")
    learning_rate: float = vae_options.learning_rate(1e-3, reference=1e-3)
    start_at_mean: bool = option(
        True,
        "Initializes the decoder to output the mean colour of the training images.",
        shapes_members=True,
        reference=False,
    )
    beta: float = vae_options.beta()
    compile: bool = option(
        True,
        "Compiles training and scoring with XLA where that is fastest, see --processor. False: a"
        " CPU uses oneDNN instead; a GPU trains with XLA in any case.",
        reference=False,
    )
    precision: str = option(
        AUTO,
        "Number format of the convolutions; weights, likelihoods and sums stay float32. auto:"
        " bfloat16 for training and scoring on CPUs with AVX512_BF16 and a Bernoulli likelihood,"
        " else float32.",
        choices=(AUTO, "float32", "bfloat16"),
        shapes_members=True,
        reference="float32",
        smoke="float32",
    )
    processor: str = option(
        AUTO,
        "Processor whose fastest kernels are used. auto: the one at hand, which a run keeps"
        " wherever it goes on; any: XLA in float32.",
        choices=(AUTO, *PROCESSORS),
        smoke="any",
    )
    pixel_noise: float = option(
        0.0,
        "Share of the training pixels replaced by uniform noise, redrawn in each step.",
        at_least=0,
        shapes_members=True,
    )

    n_samples: int = option(4, "Samples of z per image in scoring.", at_least=1, reference=16)
    score_keys: tuple[str, ...] = option(
        QUICK_SCORE_KEYS,
        "Scores in the tables and plots. gradient_norm and residual_and_gradient share one more"
        " pass over the images, likelihood_regret needs longer passes, likelihood_ratio a second"
        " ensemble.",
        choices=(*SCORE_KEYS, *fitted_scores("likelihoods")),
        reference=REFERENCE_SCORE_KEYS,
    )
    background_rates: tuple[str, ...] = option(
        ("0.2",),
        "Values of pixel_noise for the background ensembles of likelihood_ratio, one ensemble each."
        " If there are several, the best is chosen on the calibration images.",
    )
    elbo_threshold: float | None = vae_options.elbo_threshold("images")

    @property
    def total_steps(self) -> int:
        """Training steps per member."""
        return self.max_steps or MOST_STEPS

    def sized(self, training_examples: int) -> Self:
        """The settings with the number of steps, if it was left empty, by that of images."""
        steps = PASSES * training_examples // self.batch_size
        steps = min(MOST_STEPS, max(LEAST_STEPS, steps))
        return dataclasses.replace(self, max_steps=self.max_steps or steps)

    def on_processor(self, processor: str) -> Self:
        """The settings with what was left open chosen for this processor, one of PROCESSORS."""
        return dataclasses.replace(
            self, processor=processor if self.processor == AUTO else self.processor
        )

    @property
    def scoring_samples(self) -> int:
        """Samples of z per image in scoring."""
        return self.n_samples

    @property
    def pixel_likelihood(self) -> str:
        """Name of the pixel likelihood p(x|z)."""
        return self.likelihood

    def __post_init__(self) -> None:
        """Raises InputError where flags contradict one another; fills in the likelihood."""
        vae_options.check_analytic_kl(self)
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
        if named is None:  # own images: small defects count, and the headline is another
            for keys in (QUICK_SCORE_KEYS, REFERENCE_SCORE_KEYS):
                own = ("combined_images", *keys, "local_residual", "local_likelihood")
                self._fill_in("score_keys", own, placeholder=keys)
        self._fill_in("likelihood", likelihood, placeholder="auto")


def _is_share(text: str) -> bool:
    try:
        return 0 < float(text) <= 1
    except ValueError:
        return False
