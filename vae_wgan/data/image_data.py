"""Image sets of a run: training, calibration, test and out-of-distribution. No TensorFlow."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from tools.data.example_set import ExampleSet, choose_rows
from tools.data.images.altered_sets import corrupted_sets, perturbed_sets
from tools.data.images.image_registry import default_ood_names, load_images, make_ood_set
from tools.data.images.preprocessing import check_image_shape
from tools.errors import InputError
from tools.run.manifest import CORRUPTION, PERTURBATION, DataSets
from tools.run.run_folder import CALIBRATION
from tools.run.seeds import child_seed

_LOG = logging.getLogger(__name__)
CALIBRATION_SHARE = 0.05
MONITORED_IMAGES = 64
# Prefixes of the names of attacked and altered sets, reserved for the run.
OWN_NAMES = ("adv_", f"{CORRUPTION}.", f"{PERTURBATION}.")
ATTACKED_NOISE = ("normal_noise", "uniform_noise")


class DataSettings(Protocol):
    """The settings that choose the data."""

    train_dataset: str
    data_dir: str
    seed: int
    eval_size: int
    ood_datasets: Sequence[str]
    strict_data: bool


class ImageDataSettings(DataSettings, Protocol):
    """The settings that choose the data of a run on images, and which images are altered."""

    corruptions: Sequence[str]
    severity: Sequence[str]
    perturbations: Sequence[str]
    altered_size: int
    adversarial: bool


@dataclass(frozen=True)
class ExperimentData:
    """All examples of a run. Training, calibration and test share no row.

    Attributes:
        training: Examples on which members are trained.
        calibration: Random examples split off the training set, 5 % of images, on which fitted
            scores and thresholds are fitted; members do not train on them.
        monitored: First examples of the calibration split, on which training is monitored.
        test: Random in-distribution test examples.
        ood: Out-of-distribution sets, in the order of the result tables.
        missing: Reason why an out-of-distribution set was left out, by name of the set.
        altered: Corrupted and perturbed test images.
    """

    training: ExampleSet
    calibration: ExampleSet
    monitored: np.ndarray
    test: ExampleSet
    ood: tuple[ExampleSet, ...]
    missing: dict[str, str]
    altered: tuple[ExampleSet, ...] = ()

    @property
    def scored(self) -> tuple[ExampleSet, ...]:
        """The sets that members score."""
        return (self.test, self.calibration, *self.ood)

    def described(self) -> DataSets:
        """Names, sizes and checksums of the sets for the manifest."""
        sizes = {example_set.name: len(example_set) for example_set in self.scored}
        return DataSets(
            in_distribution=self.test.name,
            out_of_distribution=tuple(example_set.name for example_set in self.ood),
            missing=self.missing,
            altered=tuple(example_set.name for example_set in self.altered),
            checksums={example_set.name: example_set.checksum for example_set in self.scored},
            sizes={"training": len(self.training), **sizes},
            alterations={part.name: part.alteration for part in self.altered if part.alteration},
        )


def load_experiment_data(settings: DataSettings) -> ExperimentData:
    """Loads and checks all images, so that errors show before hours of training.

    Raises:
        InputError: The training set is unavailable or damaged; an out-of-distribution set that a
            flag names, or any under `strict_data`, is unavailable; two sets have one name.
    """
    named = named_sources(settings.ood_datasets)
    rows = load_images(settings.train_dataset, "train", settings.data_dir)
    training, calibration = split_calibration(rows, settings.seed)
    test = choose_rows(
        load_images(settings.train_dataset, "test", settings.data_dir),
        settings.eval_size,
        child_seed(settings.seed, "evaluation rows", "test"),
    )
    if test.examples.shape[1:] != rows.examples.shape[1:]:
        raise InputError(
            f"--train_dataset={settings.train_dataset}: its test images have another shape"
        )
    if test.name == CALIBRATION:
        raise InputError(
            f"--train_dataset={settings.train_dataset}: the name {CALIBRATION} is taken by the "
            "calibration rows; rename the file or folder"
        )
    monitored = calibration.examples[:MONITORED_IMAGES]
    calibration = choose_rows(
        calibration, settings.eval_size, child_seed(settings.seed, "evaluation rows", CALIBRATION)
    )
    if not named:
        names = default_ood_names(settings.train_dataset, rows.examples.shape[1:])
        named = {name: name for name in names}
    ood, missing = _load_ood(named, test, settings)
    return ExperimentData(training, calibration, monitored, test, ood, missing)


def load_image_data(settings: ImageDataSettings) -> ExperimentData:
    """The data of a run on images, altered images included.

    Raises:
        InputError: See `load_experiment_data`; or the networks do not support the image shape.
    """
    data = load_experiment_data(settings)
    training = data.training
    check_image_shape(f"--train_dataset: {training.name}", training.examples.shape[1:])
    return replace(data, altered=tuple(_altered_sets(settings, data.test)))


def _altered_sets(settings: ImageDataSettings, test: ExampleSet) -> Iterator[ExampleSet]:
    rows = child_seed(settings.seed, "evaluation rows", "altered")
    images = choose_rows(test, settings.altered_size, rows)
    seeds = (child_seed(settings.seed, name) for name in ("corruptions", "perturbations"))
    corruption_seed, perturbation_seed = seeds
    severities = [int(severity) for severity in settings.severity]
    yield from corrupted_sets(images, settings.corruptions, severities, corruption_seed)
    yield from perturbed_sets(images, settings.perturbations, perturbation_seed)


def attacked_sets(settings: ImageDataSettings, data: ExperimentData) -> Sequence[ExampleSet]:
    """The sets that `--adversarial` attacks: the run's noise sets and the test images.

    Raises:
        InputError: The run has no noise set.
    """
    if not settings.adversarial:
        return ()
    noise = [example_set for example_set in data.ood if example_set.name in ATTACKED_NOISE]
    if not noise:
        raise InputError(
            f"--adversarial starts from {' or '.join(ATTACKED_NOISE)}, and --ood_datasets has"
            " neither"
        )
    return (*noise, data.test)


def split_calibration(example_set: ExampleSet, seed: int) -> tuple[ExampleSet, ExampleSet]:
    """Splits a random 5 % (at least one) off the training images: (training, calibration).

    Raises:
        InputError: There are fewer than two images.
    """
    count = len(example_set)
    if count < 2:
        raise InputError(f"{example_set.name} has {count} training image; at least 2 are needed")
    order = np.random.default_rng(child_seed(seed, "calibration split")).permutation(count)
    cut = max(1, round(CALIBRATION_SHARE * count))
    calibration, training = (example_set.take(np.sort(part)) for part in (order[:cut], order[cut:]))
    return training, replace(calibration, name=CALIBRATION)


def named_sources(entries: Sequence[str]) -> dict[str, str]:
    """Source of each entry of --ood_datasets, by name of the set.

    Raises:
        InputError: An entry is malformed, or two entries have the same name.
    """
    named = {}
    for entry in entries:
        name, source = split_entry(entry)
        if name in named:
            raise InputError(f"--ood_datasets={entry}: the name {name} is given twice")
        named[name] = source
    return named


def split_entry(entry: str) -> tuple[str, str]:
    """Name and source of an entry of --ood_datasets: NAME=PATH, or a known name."""
    name, equals, source = entry.partition("=")
    if not name or (equals and not source):
        raise InputError(f"--ood_datasets={entry}: write a known name, or NAME=PATH")
    if not all(letter.isalnum() or letter in "_-." for letter in name) or name.startswith("."):
        raise InputError(
            f"--ood_datasets={entry}: a name has letters, digits, _, - and . only; write NAME=PATH"
        )
    if name.startswith(OWN_NAMES):
        raise InputError(
            f"--ood_datasets={entry}: names that begin with {', '.join(OWN_NAMES)} are those of"
            " sets that the run makes; write OTHER=PATH"
        )
    return name, source or name


def _load_ood(
    named: dict[str, str], test: ExampleSet, settings: DataSettings
) -> tuple[tuple[ExampleSet, ...], dict[str, str]]:
    """The available sets, and the reason why each other one is missing, by name."""
    found, missing = [], {}
    by_hand = bool(settings.ood_datasets)
    for name, entry in named.items():
        seed = child_seed(settings.seed, "evaluation rows", name)
        try:
            if name in (test.name, CALIBRATION):
                raise InputError(f"the run's own images are called {name}; write OTHER=PATH")
            example_set = make_ood_set(entry, test, settings.eval_size, seed, settings.data_dir)
        except InputError as error:
            if settings.strict_data or by_hand:
                raise InputError(f"--ood_datasets: {error}") from error
            missing[name] = str(error)
            _LOG.warning("%s is left out: %s", name, error)
            continue
        found.append(replace(example_set, name=name))
    if not found:
        raise InputError("no out-of-distribution set could be had; name one with --ood_datasets")
    return tuple(found), missing
