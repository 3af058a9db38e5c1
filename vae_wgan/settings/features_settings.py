"""Flags of `features_run.py`: the pretrained network and the densities of its features."""

import dataclasses
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from tools.errors import InputError
from tools.run.options import option
from vae_wgan.data.network_file import SQUEEZENET, NetworkFile, read_network_file
from vae_wgan.settings.image_settings import ImageSettings
from vae_wgan.settings.table_settings import TableSettings

# Networks of keras.applications, by name: their module and function.
APPLICATIONS = {
    "convnext_tiny": ("convnext", "ConvNeXtTiny"),
    "densenet121": ("densenet", "DenseNet121"),
    "efficientnet_b0": ("efficientnet", "EfficientNetB0"),
    "efficientnet_b4": ("efficientnet", "EfficientNetB4"),
    "efficientnet_v2_b0": ("efficientnet_v2", "EfficientNetV2B0"),
    "inception_v3": ("inception_v3", "InceptionV3"),
    "mobilenet": ("mobilenet", "MobileNet"),
    "mobilenet_v2": ("mobilenet_v2", "MobileNetV2"),
    "mobilenet_v3_large": ("mobilenet_v3", "MobileNetV3Large"),
    "resnet50": ("resnet50", "ResNet50"),
    "resnet101": ("resnet", "ResNet101"),
    "vgg16": ("vgg16", "VGG16"),
    "vgg19": ("vgg19", "VGG19"),
    "xception": ("xception", "Xception"),
}
SCALINGS = ("auto", "bytes", "unit", "signed", "caffe", "torch")
SCORE_KEYS = (
    "combined_features",
    "log_likelihood",
    "nearest_distance",
    "place_log_likelihood",
    "place_distance",
)


@dataclasses.dataclass(frozen=True)
class FeaturesSettings(ImageSettings):
    """Settings of a run on features of pictures. Help texts are the flags' documentation."""

    MODEL: ClassVar[str] = "features"
    HELP_TITLE: ClassVar[str] = "The pretrained network and the densities of its features"

    features: str = option(
        "mobilenet_v2",
        "Pretrained network: the path of your own Keras model (.keras or .h5), or one of"
        f" {', '.join(APPLICATIONS)} with ImageNet's weights, downloaded when first used; or"
        f" {SQUEEZENET} with --feature_weights.",
    )
    feature_weights: str = option(
        "",
        "File of weights (.h5) for the network that --features names; nothing is downloaded then.",
    )
    feature_layers: tuple[str, ...] = option(
        (),
        "Names of layers whose outputs are the features. Empty: the last layers whose outputs have"
        " about 1/4, 1/8 and 1/16 of the picture's side.",
        shapes_members=True,
    )
    feature_scaling: str = option(
        "auto",
        "Values that the network takes. bytes: 0 to 255; unit: 0 to 1; signed: -1 to 1; caffe and"
        " torch: less ImageNet's mean, as in keras.applications. auto: as the named network was"
        " trained; of your own model, bytes if it rescales them itself, else unit.",
        choices=SCALINGS,
        shapes_members=True,
    )
    feature_network: str = option(
        "",
        "Name or sha256 of the network, which the run keeps: with another one it is refused. Empty:"
        " found.",
        shapes_members=True,
    )
    image_size: int = option(
        224,
        "Side in pixels that your pictures are resized to, a multiple of 4. 0: the pictures' own"
        " size if all have the same and it suits, else 64.",
        at_least=0,
    )
    channels: int = option(
        100,
        "Channels in which a member has a Gaussian at each place, drawn for each member.",
        at_least=1,
        shapes_members=True,
        smoke=16,
    )
    components: int = option(
        48,
        "Most principal components of the pooled features, on which flows are trained; of few"
        " pictures there are fewer.",
        at_least=1,
        shapes_members=True,
    )
    max_steps: int = option(
        600, "Training steps of a member's flow.", at_least=1, shapes_members=True, smoke=50
    )
    batch_size: int = option(64, "Pictures in one step.", at_least=1, shapes_members=True)
    learning_rate: float = option(
        1e-3, "Initial learning rate of Adam.", above=0, shapes_members=True
    )
    n_flows: int = option(4, "Masked autoregressive flows.", at_least=1, shapes_members=True)
    base_depth: int = option(
        64, "Units in a hidden layer of a flow.", at_least=1, shapes_members=True
    )
    feature_noise: float = option(
        0.3,
        "Standard deviation of noise on the whitened features in training, against overfitting.",
        at_least=0,
        shapes_members=True,
    )
    viz_steps: int = option(
        600, "Training steps between checkpoints and log entries.", at_least=1, smoke=50
    )
    score_keys: tuple[str, ...] = option(
        SCORE_KEYS,
        "Scores in the tables and plots. combined_features combines"
        " log_likelihood, nearest_distance and place_distance.",
        choices=SCORE_KEYS,
    )

    @property
    def total_steps(self) -> int:
        """Training steps per member."""
        return self.max_steps

    @cached_property
    def network_file(self) -> NetworkFile | None:
        """The file of the network or of its weights; None: its weights are downloaded.

        Raises:
            InputError: It is missing or damaged, or holds code.
        """
        if self.feature_weights:
            return read_network_file(self.feature_weights, "feature_weights")
        if self.features in (*APPLICATIONS, SQUEEZENET):
            return None
        if not Path(self.features).suffix:
            known = ", ".join((*APPLICATIONS, SQUEEZENET))
            raise InputError(f"--features={self.features}: known are {known}, or name a file")
        return read_network_file(self.features, "features")

    @property
    def flow_settings(self) -> TableSettings:
        """Settings of the flow: it takes the pooled features as the rows of a table."""
        return TableSettings(
            model="flow",
            activation=self.activation,
            base_depth=self.base_depth,
            batch_size=self.batch_size,
            compile=self.compile,
            feature_noise=self.feature_noise,
            hidden_layers=1,
            learning_rate=self.learning_rate,
            max_steps=self.max_steps,
            n_flows=self.n_flows,
        )

    def __post_init__(self) -> None:
        """Raises InputError where flags contradict one another; looks into the network's file."""
        super().__post_init__()
        known, file = (*APPLICATIONS, SQUEEZENET), self.network_file
        if self.feature_weights and self.features not in known:
            raise InputError(
                "--feature_weights needs the network's name: --features is one of"
                f" {', '.join(known)}"
            )
        if self.features == SQUEEZENET and not file:
            raise InputError(f"--features={SQUEEZENET} needs --feature_weights=FILE")
        if file and not self.feature_weights and not file.architecture:
            raise InputError(
                f"--features={self.features} holds weights without their network; name it with"
                " --features=NAME, and this file with --feature_weights"
            )
        self._keep(file)

    def _keep(self, file: NetworkFile | None) -> None:
        """Fills in what the run keeps of the network; refuses another one than it has kept."""
        network = f"sha256 {file.sha256}" if file else self.features
        if self.feature_network not in ("", network):
            raise InputError(
                f"--features: the run has the network {self.feature_network[:23]}, and this is"
                f" {network[:23]}; use the same, or another --model_dir"
            )
        self._fill_in("feature_network", network)
        if file:  # the run may be read from another folder
            name = "feature_weights" if self.feature_weights else "features"
            object.__setattr__(self, name, file.path)
