"""Flags of `wgan_run.py` that only WGANs have, each with a default per preset."""

import dataclasses
from typing import ClassVar

from tools.errors import InputError
from tools.run.options import option
from tools.scores.score_registry import LOGITS, fitted_scores
from vae_wgan.settings.image_settings import ImageSettings

SCORE_KEYS = (*LOGITS, *fitted_scores("critics"))


@dataclasses.dataclass(frozen=True)
class WGANSettings(ImageSettings):
    """Settings of one run of a WGAN ensemble. Help texts are the flags' documentation."""

    MODEL: ClassVar[str] = "wgan"
    HELP_TITLE: ClassVar[str] = "The WGANs and their training"

    z_dim: int = option(
        10,
        "Dimensions of a latent code z.",
        at_least=1,
        shapes_members=True,
        reference=128,
    )
    networks: str = option(
        "dcgan",
        "Architecture of the generator and the critic. dcgan: two wide strided convolutions each;"
        " reference: the deeper networks of 2018.",
        choices=("dcgan", "reference"),
        shapes_members=True,
        reference="reference",
    )
    base_depth: int = option(
        32, "Number of filters in the first convolution.", at_least=1, shapes_members=True, smoke=4
    )

    max_steps: int = option(
        10000,
        "Training steps per member, each one update of the generator after updates of the critic.",
        at_least=1,
        shapes_members=True,
        reference=20001,
        smoke=100,
    )
    extra_steps: int = option(
        500,
        "Further training steps, in which a copy of the critic learns to tell real from generated"
        " images.",
        at_least=1,
        shapes_members=True,
        reference=4001,
        smoke=50,
    )
    batch_size: int = option(
        32,
        "Images in one update of a network.",
        at_least=1,
        shapes_members=True,
        reference=64,
        smoke=16,
    )
    Citers: int = option(
        1,
        "Critic updates per generator update.",
        at_least=1,
        shapes_members=True,
        reference=5,
    )
    Citers_boosted: int = option(
        5,
        "Critic updates per generator update in the first 25 steps and in every 500th.",
        at_least=1,
        shapes_members=True,
        reference=100,
    )
    mode: str = option(
        "gp",
        "How the critic is kept Lipschitz. gp: a penalty on its gradient norm; regular: its weights"
        " are clipped.",
        choices=("gp", "regular"),
        shapes_members=True,
    )
    lam: float = option(
        10.0, "Weight of the gradient penalty in mode gp.", at_least=0, shapes_members=True
    )
    clamp_lower: float = option(
        -0.01, "Lower limit of the critic's weights in mode regular.", shapes_members=True
    )
    clamp_upper: float = option(
        0.01, "Upper limit of the critic's weights in mode regular.", shapes_members=True
    )
    is_adam: bool = option(
        True,
        "Trains with Adam (beta_1 = 0, beta_2 = 0.9); False: with RMSProp.",
        shapes_members=True,
        reference=False,
    )
    learning_rate_ger: float = option(
        1e-3,
        "Initial learning rate of the generator.",
        above=0,
        shapes_members=True,
        reference=5e-5,
    )
    learning_rate_dis: float = option(
        1e-3, "Initial learning rate of the critic.", above=0, shapes_members=True, reference=5e-5
    )
    learning_rate_extra: float = option(
        5e-5,
        "Initial learning rate of the classifier, as in 2018. Higher ones teach it details of"
        " single images, about which members disagree on normal images too.",
        above=0,
        shapes_members=True,
    )
    learning_rate_decay: bool = option(
        True,
        "Decays each learning rate linearly to 0 over its updates; False: constant rates.",
        shapes_members=True,
        reference=False,
    )

    compile: bool = option(
        False,
        "Compiles training and scoring with XLA, beyond TensorFlow's graphs; slower on a CPU.",
    )
    score_keys: tuple[str, ...] = option(
        SCORE_KEYS,
        "Scores in the tables and plots. critic_distance combines the two logits.",
        choices=SCORE_KEYS,
    )

    @property
    def total_steps(self) -> int:
        """Training steps per member: those of the WGAN and those of the classifier."""
        return self.max_steps + self.extra_steps

    def __post_init__(self) -> None:
        """Raises InputError where flags contradict one another; fills in model_dir."""
        if self.clamp_lower > self.clamp_upper:
            raise InputError(
                f"--clamp_lower={self.clamp_lower} exceeds --clamp_upper={self.clamp_upper}"
            )
        super().__post_init__()
