"""Settings of `wgan_run.py`: every flag with its value in each preset."""

import dataclasses
from typing import ClassVar

from tools.errors import InputError
from tools.run.options import option
from tools.scores.score_registry import LOGITS, fitted_scores
from vae_wgan.settings.image_settings import ImageSettings

SCORE_KEYS = (*LOGITS, *fitted_scores(of_critics=True))


@dataclasses.dataclass(frozen=True)
class WGANSettings(ImageSettings):
    """Settings of one run of a WGAN ensemble. Help texts are the flags' documentation."""

    MODEL: ClassVar[str] = "wgan"
    HELP_TITLE: ClassVar[str] = "The WGANs and their training"

    z_dim: int = option(
        10,
        "Numbers in one latent code z.",
        at_least=1,
        shapes_members=True,
        reference=128,
    )
    networks: str = option(
        "dcgan",
        "Architecture of generator and critic. dcgan: two wide strided convolutions each;"
        " reference: the deep ones of 2018.",
        choices=("dcgan", "reference"),
        shapes_members=True,
        reference="reference",
    )
    base_depth: int = option(
        32, "Filters of the first convolution.", at_least=1, shapes_members=True, smoke=4
    )

    max_steps: int = option(
        10000,
        "Updates of the generator, each after updates of the critic.",
        at_least=1,
        shapes_members=True,
        reference=20001,
        smoke=100,
    )
    extra_steps: int = option(
        500,
        "Updates of a copy of the trained critic as a classifier of real and generated images.",
        at_least=1,
        shapes_members=True,
        reference=4001,
        smoke=50,
    )
    batch_size: int = option(
        32, "Images in an update.", at_least=1, shapes_members=True, reference=64, smoke=16
    )
    Citers: int = option(
        1,
        "Updates of the critic per update of the generator.",
        at_least=1,
        shapes_members=True,
        reference=5,
    )
    Citers_boosted: int = option(
        5,
        "The same in each of the first 25 steps and in every 500th.",
        at_least=1,
        shapes_members=True,
        reference=100,
    )
    mode: str = option(
        "gp",
        "What keeps the critic's slope at 1. gp: a penalty on its gradient; regular: its weights"
        " are clipped.",
        choices=("gp", "regular"),
        shapes_members=True,
    )
    lam: float = option(10.0, "Weight of the penalty in mode gp.", at_least=0, shapes_members=True)
    clamp_lower: float = option(
        -0.01, "Least value of the critic's weights in mode regular.", shapes_members=True
    )
    clamp_upper: float = option(
        0.01, "Greatest value of the critic's weights in mode regular.", shapes_members=True
    )
    is_adam: bool = option(
        True,
        "Adam with decays 0 and .9 instead of RMSProp.",
        shapes_members=True,
        reference=False,
    )
    learning_rate_ger: float = option(
        1e-3, "Of the generator.", above=0, shapes_members=True, reference=5e-5
    )
    learning_rate_dis: float = option(
        1e-3, "Of the critic.", above=0, shapes_members=True, reference=5e-5
    )
    learning_rate_extra: float = option(
        5e-5,
        "Of the classifier, as in 2018: larger ones teach it details of single images, about which"
        " members disagree on normal images too.",
        above=0,
        shapes_members=True,
    )
    learning_rate_decay: bool = option(
        True,
        "Learning rates fall to 0 along a line, by the last of the updates that they are for.",
        shapes_members=True,
        reference=False,
    )

    compile: bool = option(
        False,
        "Compiles training and scoring with XLA too, beyond the graphs of TensorFlow; takes longer"
        " on a CPU.",
    )
    score_keys: tuple[str, ...] = option(
        SCORE_KEYS,
        "Scores in the tables and plots. critic_distance is made of the two logits.",
        choices=SCORE_KEYS,
    )

    @property
    def total_steps(self) -> int:
        """Training steps of a member."""
        return self.max_steps + self.extra_steps

    def __post_init__(self):
        """Checks what no single flag can, and fills in the folders."""
        if self.clamp_lower > self.clamp_upper:
            raise InputError(
                f"--clamp_lower={self.clamp_lower} exceeds --clamp_upper={self.clamp_upper}"
            )
        super().__post_init__()
