"""Settings that all runs on images share, for VAEs and WGANs."""

import dataclasses
import re
from math import inf
from pathlib import Path
from typing import ClassVar

from tools.data.corruptions.corruption_kinds import CORRUPTIONS, SEVERITIES
from tools.data.corruptions.perturbations import PERTURBATIONS
from tools.data.images.image_registry import check_dataset_name
from tools.data.images.preprocessing import FITS, ReadOptions, suits_networks
from tools.data.images.tfds_images import is_tfds, tfds_name
from tools.errors import InputError
from tools.run.options import option
from tools.scores.floors import IMAGE_FLOOR_WORDS
from vae_wgan.data.ood_names import NO_OOD, split_entry
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

    test_dataset: str = option(
        "",
        "Normal images to test on, as for --train_dataset. Empty: the test part of --train_dataset,"
        " or a tenth of it. With folders such as good/ and scratch/ in it, also the anomalies.",
    )
    image_size: int = option(
        0,
        "Side in pixels that your images are resized to: 28 or more, a multiple of 4. 0: the"
        " pictures' own size if all have the same and it suits, else 64.",
        at_least=0,
    )
    fit: str = option(
        FITS[0],
        "How pictures that are not square become so. stretch: whole; crop: by their middle part,"
        " without their borders; pad: whole, on white.",
        choices=FITS,
        shapes_members=True,
    )
    value_range: tuple[str, ...] = option(
        (),
        "LOW,HIGH: the numbers in an .npz or .npy file that stand for black and white. Empty: found"
        " where there is no doubt.",
    )
    channels_first: bool = option(
        False, "The .npz or .npy files hold [image, channel, height, width]."
    )
    drop_copies: bool = option(
        False,
        "Leaves images out of the test that are copies, or nearly, of training images or of one"
        " another. They are counted and listed in any case.",
    )

    groups: str = option(
        "",
        "Regular expression that finds in a file's name which thing the picture shows, such as"
        " part(\\d+): pictures of one thing stay together in training, calibration or test. Empty:"
        " near copies are found.",
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
        "Number format of the convolutions; weights, likelihoods and sums stay float32. bfloat16:"
        " faster on GPUs from 2020 on and on CPUs with AVX512_BF16.",
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
        "Out-of-distribution sets, each a known name, a path of your own images, or NAME=PATH."
        " Empty: the kinds of anomalies beside the training images, or every known set whose images"
        " have their shape. none: no set; the training images themselves are ranked.",
    )
    target_fpr: float = option(
        0.05,
        "False positive rate: what has a p-value of at most this is flagged in score_file.",
        above=0,
    )
    explain: bool = option(
        False,
        "Writes each flagged picture of score_file, in colour where it is strange, into the folder"
        " OUTPUT_maps, as scores_maps.",
        of_this_start=True,
    )
    strict_data: bool = option(
        False,
        "Ends the run if an out-of-distribution set is unavailable or a picture is broken, instead"
        " of leaving it out.",
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
    matched_resampling: str = option(
        "auto",
        "Scores colour images once more after a low-pass filter that makes mean spectra agree."
        " auto: 300 of each side at most, for sets whose spectrum differs from that of the test"
        " images; no: none.",
        choices=("auto", "no"),
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
    calibration_size: int = option(
        3000,
        "Calibration images to score, at most; fitted scores and thresholds are fitted to them. A"
        " twentieth of the training images are set aside for it.",
        at_least=2,
        reference=10000,
        smoke=150,
    )
    score_keys: tuple[str, ...] = option(
        (), "Scores in the tables and plots; the score files have all."
    )
    baselines: tuple[str, ...] = option(
        tuple(IMAGE_FLOOR_WORDS),
        "Simple detectors to compare with on the same images, fitted on training images in seconds;"
        " empty: none.",
        choices=tuple(IMAGE_FLOOR_WORDS),
    )
    bootstrap: int = option(
        1000,
        "Bootstrap draws behind a confidence interval; 0: no intervals.",
        at_least=0,
        smoke=200,
    )

    @property
    def read_options(self) -> ReadOptions:
        """How the user's images are read.

        Raises:
            InputError: value_range is not two numbers.
        """
        try:
            found = tuple(map(float, self.value_range))
        except ValueError:
            found = (0.0,)
        if found and not (len(found) == 2 and -inf < found[0] < found[1] < inf):
            text = ",".join(self.value_range)
            raise InputError(f"--value_range={text}: write LOW,HIGH, such as -1,1")
        return ReadOptions(
            self.image_size,
            self.fit,
            (found[0], found[1]) if found else None,
            self.channels_first,
            strict=self.strict_data,
        )

    def __post_init__(self) -> None:
        """Raises InputError where flags contradict one another; fills in model_dir."""
        super().__post_init__()
        if not self.score_file:  # to score new pictures the run's folder is enough
            self._check_data()
        _ = self.read_options  # checks value_range
        try:
            re.compile(self.groups)
        except re.error as error:
            raise InputError(f"--groups={self.groups} is no regular expression: {error}") from error
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
        source = self.train_dataset
        name = tfds_name(source).label if is_tfds(source) else Path(source).stem
        self._fill_in("model_dir", f"runs/{self.MODEL}-{name}-{self.preset}")

    def _check_data(self) -> None:
        check_dataset_name("train_dataset", self.train_dataset, split="train")
        if self.test_dataset:
            check_dataset_name("test_dataset", self.test_dataset)
        if NO_OOD in self.ood_datasets and len(self.ood_datasets) > 1:
            raise InputError(f"--ood_datasets={NO_OOD} stands alone; leave the others out")
        for entry in self.ood_datasets:
            if entry != NO_OOD:
                check_dataset_name("ood_datasets", split_entry(entry)[1])
        if self.image_size and not suits_networks(self.image_size, self.image_size):
            raise InputError(f"--image_size={self.image_size}: must be a multiple of 4 from 28 on")
