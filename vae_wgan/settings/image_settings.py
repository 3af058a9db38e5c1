"""Settings that all runs on images share, for VAEs and WGANs."""

import dataclasses
from pathlib import Path
from typing import ClassVar

from tools.data.corruptions.corruption_kinds import CORRUPTIONS, SEVERITIES
from tools.data.corruptions.perturbations import PERTURBATIONS
from tools.data.images.image_registry import check_dataset_name
from tools.errors import InputError
from tools.run.options import option
from vae_wgan.data.image_data import split_entry
from vae_wgan.settings.score_file_settings import ScoreFileSettings

ACTIVATIONS = ("leaky_relu", "relu", "elu", "selu", "gelu", "silu", "softplus", "tanh", "sigmoid")


@dataclasses.dataclass(frozen=True)
class ImageSettings(ScoreFileSettings):
    """Settings of one run on images. Help texts are the flags' documentation.

    Attributes:
        MODEL: Name of the model in the default model_dir.
        HELP_TITLE: Heading of the class's flags in `--help`.
    """

    MODEL: ClassVar[str]
    HELP_TITLE: ClassVar[str] = "Images, networks and scores"

    preset: str = option(
        "fast",
        "Sets the defaults of the other flags. fast: suits two cores; reference: the settings of"
        " 2018; smoke: about a minute on two cores, for a first look.",
    )
    train_dataset: str = option(
        "mnist",
        "Images that the members are trained on: mnist, fashion_mnist, cifar10, or the path of your"
        " own images (.npz, .npy or a folder).",
    )

    model_dir: str = option(
        "",
        "Folder of the run. Empty: runs/MODEL-TRAIN_DATASET-PRESET in the current folder.",
        of_this_start=True,
    )

    base_depth: int = option(
        32, "Number of filters in the first convolution.", at_least=1, shapes_members=True
    )
    activation: str = option(
        "leaky_relu",
        "Activation function of the hidden layers.",
        choices=ACTIVATIONS,
        shapes_members=True,
    )
    precision: str = option(
        "float32",
        "Number format of the convolutions. bfloat16: mixed precision, several times as fast on"
        " GPUs from 2020 on, and slower on most CPUs; weights, likelihoods and sums stay float32.",
        choices=("float32", "bfloat16"),
        shapes_members=True,
    )
    viz_steps: int = option(
        500, "Training steps between checkpoints, log entries and pictures.", at_least=1, smoke=100
    )
    compile: bool = option(
        True,
        "Compiles training and scoring with XLA. False: a CPU uses oneDNN instead, which trains"
        " faster where a step decodes hundreds of images.",
        reference=False,
    )

    ood_datasets: tuple[str, ...] = option(
        (),
        "Out-of-distribution sets, each a known name or NAME=PATH of your own images. Empty: every"
        " known set whose images have the shape of the training images.",
    )
    explain: bool = option(
        False,
        "Writes each flagged picture of score_file, in colour where it is strange, into the folder"
        " OUTPUT_maps, as scores_maps.",
        of_this_start=True,
    )
    strict_data: bool = option(
        False,
        "Ends the run if an out-of-distribution set is unavailable, or a picture of score_file"
        " cannot be read, instead of leaving it out.",
    )
    corruptions: tuple[str, ...] = option(
        (),
        "Corruptions of test images to score as well; all: every known one.",
        choices=("all", *CORRUPTIONS),
    )
    severity: tuple[str, ...] = option(
        tuple(map(str, SEVERITIES)),
        "Severities of the corruptions.",
        choices=tuple(map(str, SEVERITIES)),
    )
    perturbations: tuple[str, ...] = option(
        (),
        "Perturbations of test images to score as well, 30 steps each; all: every known one.",
        choices=("all", *PERTURBATIONS),
    )
    altered_size: int = option(
        100, "Number of test images to corrupt and perturb.", at_least=1, smoke=20
    )
    adversarial: bool = option(
        False,
        "Also scores attacked noise and test images, which the gradient of member 0's score makes"
        " look more normal: the sets adv_normal_noise, adv_uniform_noise and adv_TRAIN_DATASET.",
    )
    adversarial_epsilon: float = option(
        0.1, "Largest change of a pixel by the attack of --adversarial.", at_least=0
    )
    adversarial_steps: int = option(
        10, "Gradient steps of the attack of --adversarial; 1: FGSM, more: PGD.", at_least=1
    )
    history: bool = option(
        False,
        "Keeps every checkpoint, scores each on at most 200 images per set, and plots AUROC, mean"
        " score and ensemble variance against the training step.",
    )
    eval_size: int = option(
        1000, "Images to score per set, at most.", at_least=1, reference=10000, smoke=150
    )
    score_keys: tuple[str, ...] = option(
        (), "Scores in the tables and plots; the score files have all."
    )
    bootstrap: int = option(
        1000,
        "Bootstrap draws behind a confidence interval; 0: no intervals.",
        at_least=0,
        smoke=200,
    )

    def __post_init__(self) -> None:
        """Raises InputError where flags contradict one another; fills in model_dir."""
        super().__post_init__()
        if not self.score_file:  # to score new pictures the run's folder is enough
            check_dataset_name("train_dataset", self.train_dataset, split="train")
            for entry in self.ood_datasets:
                check_dataset_name("ood_datasets", split_entry(entry)[1])
        if not self.score_keys:
            (field,) = (f for f in dataclasses.fields(self) if f.name == "score_keys")
            known = ", ".join(field.metadata["choices"])
            raise InputError(f"--score_keys is empty; known are {known}")
        if self.corruptions and not self.severity:
            raise InputError(f"--severity is empty; known are {', '.join(map(str, SEVERITIES))}")
        if "all" in self.corruptions:
            object.__setattr__(self, "corruptions", tuple(CORRUPTIONS))
        if "all" in self.perturbations:
            object.__setattr__(self, "perturbations", tuple(PERTURBATIONS))
        name = Path(self.train_dataset).stem
        self._fill_in("model_dir", f"runs/{self.MODEL}-{name}-{self.preset}")
