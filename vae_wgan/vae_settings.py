"""Settings of `vae_run.py`: every flag with its value in each preset."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from tools.data.registry import check_dataset_name
from tools.errors import InputError
from tools.run.settings import default_data_dir, option
from vae_wgan.experiment_data import split_entry

ACTIVATIONS = ("leaky_relu", "relu", "elu", "selu", "gelu", "silu", "softplus", "tanh", "sigmoid")
SCORE_KEYS = ("iwae", "elbo", "rate", "distortion", "posterior_mean", "posterior_stddev")


@dataclasses.dataclass(frozen=True)
class VAESettings:
    """Settings of one run of a VAE ensemble. Help texts are the flags' documentation."""

    preset: str = option(
        "fast",
        "Sets the defaults of the other flags. fast: made for two cores; reference: the settings"
        " of 2018; smoke: about a minute on two cores, for a first look.",
    )
    train_dataset: str = option(
        "mnist",
        "What the members are trained on: mnist, fashion_mnist, cifar10, or the path of own images"
        " (.npz, .npy or a folder).",
    )
    num_models: int = option(5, "Members of the ensemble.", at_least=1, smoke=2)
    seed: int = option(0, "Root of every random draw of the run.", at_least=0, shapes_members=True)

    model_dir: str = option(
        "", "Run folder. Empty: runs/vae-TRAIN_DATASET-PRESET in the current folder."
    )
    data_dir: str = option(
        "",
        "Folder of the data sets' files; missing ones are downloaded to it. Empty: $WAIC_DATA_DIR,"
        " else a folder in the user's cache.",
    )
    delete_existing: bool = option(False, "Deletes an earlier run in model_dir first.")
    skip_train: bool = option(
        False, "Trains nothing: scores the members that model_dir holds, with their settings."
    )

    latent_size: int = option(16, "Numbers in one latent code z.", at_least=1, shapes_members=True)
    base_depth: int = option(
        32, "Filters of the first convolution.", at_least=1, shapes_members=True
    )
    activation: str = option(
        "leaky_relu", "Of the hidden layers.", choices=ACTIVATIONS, shapes_members=True
    )
    likelihood: str = option(
        "bernoulli",
        "p(x|z). bernoulli, as in 2018, is no normalized density on grey values.",
        choices=("bernoulli", "continuous_bernoulli"),
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
    beta: float = option(1.0, "Weight of the rate in the loss.", at_least=0, shapes_members=True)
    viz_steps: int = option(
        500, "Training steps between checkpoints, log entries and pictures.", at_least=1, smoke=100
    )
    compile: bool = option(True, "Compiles training and scoring with XLA.")

    ood_datasets: tuple[str, ...] = option(
        (),
        "Out-of-distribution sets, each a name or NAME=PATH of own images. Empty: every known set"
        " of the training images' shape.",
    )
    strict_data: bool = option(
        False,
        "Ends the run when an out-of-distribution set cannot be had, instead of leaving it out.",
    )
    eval_size: int = option(1000, "Images scored per set.", at_least=1, reference=10000, smoke=150)
    n_samples: int = option(16, "Samples of z per image in scoring.", at_least=1, smoke=8)
    score_keys: tuple[str, ...] = option(
        ("iwae", "rate"),
        "Scores in the tables and plots; all are in the score files.",
        choices=SCORE_KEYS,
    )
    bootstrap: int = option(
        1000, "Draws behind an interval; 0: no intervals.", at_least=0, smoke=200
    )
    elbo_threshold: float | None = option(
        None,
        "Counts the examples whose ELBO, averaged over members, lies below minus this many nats.",
        at_least=0,
        reference=5.0,
    )

    def __post_init__(self):
        """Checks what no single flag can, and fills in the folders."""
        if self.analytic_kl and (self.use_NF or self.mixture_components != 1):
            raise InputError("--analytic_kl needs --use_NF=False and --mixture_components=1")
        check_dataset_name("train_dataset", self.train_dataset, split="train")
        for entry in self.ood_datasets:
            check_dataset_name("ood_datasets", split_entry(entry)[1])
        if not self.score_keys:
            raise InputError(f"--score_keys is empty; known are {', '.join(SCORE_KEYS)}")
        if self.skip_train and self.delete_existing:
            raise InputError("--delete_existing would delete what --skip_train scores; drop one")
        if not self.data_dir:
            object.__setattr__(self, "data_dir", default_data_dir())
        if not self.model_dir:
            name = Path(self.train_dataset).stem
            object.__setattr__(self, "model_dir", f"runs/vae-{name}-{self.preset}")


def check_image_shape(name: str, image_shape: Sequence[int]) -> None:
    """Raises InputError for image shapes that the convolutions cannot take.

    Args:
        name: What has such images, for the message.
        image_shape: Height, width, channels.
    """
    height, width, channels = image_shape
    if height != width or height % 4 or height < 28:
        raise InputError(
            f"{name} has {height}x{width}x{channels} images; the VAE takes square ones with a side "
            "of 28 pixels or more that is a multiple of 4"
        )
