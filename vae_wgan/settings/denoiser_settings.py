"""Flags of `denoiser_run.py` that only denoisers have, each with a default per preset."""

import dataclasses
from typing import ClassVar

from tools.data.images.image_datasets import IMAGE_DATASETS
from tools.run.options import option
from tools.scores.score_registry import fitted_scores
from vae_wgan.settings.image_settings import ImageSettings

SCORE_KEYS = (*fitted_scores("denoisers"), "denoising_error")
LONG, LOCAL = "eigenscore", "local_error"  # a longer pass; for defects of own pictures
QUICK_SCORE_KEYS = tuple(key for key in SCORE_KEYS if key not in (LONG, LOCAL))


@dataclasses.dataclass(frozen=True)
class DenoiserSettings(ImageSettings):
    """Settings of one run of an ensemble of denoisers. Help texts are the flags' documentation."""

    MODEL: ClassVar[str] = "denoiser"
    HELP_TITLE: ClassVar[str] = "The denoisers and their training"

    num_models: int = option(
        3, "Number of members in the ensemble.", at_least=1, reference=5, smoke=2
    )
    base_depth: int = option(
        32,
        "Channels at the full resolution; the other resolutions have twice as many.",
        at_least=1,
        shapes_members=True,
        reference=64,
        smoke=8,
    )
    blocks: int = option(
        1,
        "Residual blocks at each resolution, on the way down and on the way up.",
        at_least=1,
        shapes_members=True,
        reference=2,
    )
    activation: str = option(
        "silu",
        "Activation function of the hidden layers, by its Keras name.",
        choices=("silu", "relu", "leaky_relu", "gelu", "elu"),
        shapes_members=True,
    )
    max_steps: int = option(
        3000,
        "Training steps per member.",
        at_least=1,
        shapes_members=True,
        reference=50000,
        smoke=100,
    )
    batch_size: int = option(
        32,
        "Images in one training step of a member.",
        at_least=1,
        shapes_members=True,
        reference=128,
        smoke=16,
    )
    learning_rate: float = option(
        1e-3,
        "Initial learning rate of Adam; it decays to 0 along a cosine.",
        above=0,
        shapes_members=True,
        reference=3e-4,
    )
    average_decay: float = option(
        0.995,
        "Decay per step of the moving average of weights, which scores and generates.",
        at_least=0,
        shapes_members=True,
        reference=0.9995,
    )
    compile: bool = option(
        False,
        "Compiles training and scoring with XLA. False: a CPU uses oneDNN, which is faster here.",
    )
    score_keys: tuple[str, ...] = option(
        QUICK_SCORE_KEYS,
        "Scores in the tables and plots. eigenscore needs one more, longer pass over the images;"
        " local_error, of your own images, finds small defects.",
        choices=SCORE_KEYS,
        reference=SCORE_KEYS,
    )

    @property
    def total_steps(self) -> int:
        """Training steps per member."""
        return self.max_steps

    def __post_init__(self) -> None:
        """Raises InputError where flags contradict one another; fills in the scores."""
        super().__post_init__()
        if self.train_dataset not in IMAGE_DATASETS:  # own images: small defects count
            self._fill_in("score_keys", (*QUICK_SCORE_KEYS, LOCAL), placeholder=QUICK_SCORE_KEYS)
