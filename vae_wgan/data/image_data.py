"""Image sets of a run: training, calibration, test and out-of-distribution. No TensorFlow."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from tools.data.example_set import ExampleSet, choose_rows
from tools.data.images.altered_sets import corrupted_sets, perturbed_sets
from tools.data.images.copies import Copy, kept_together
from tools.data.images.image_datasets import IMAGE_DATASETS
from tools.data.images.image_registry import (
    DERIVED,
    default_ood_names,
    load_parts,
    load_test_parts,
    make_ood_set,
)
from tools.data.images.matched_sets import matched_sets
from tools.data.images.own_images import Choice, ImageParts
from tools.data.images.preprocessing import ReadOptions, check_image_shape
from tools.errors import InputError
from tools.run.manifest import DataSets
from tools.run.resuming import DECODED
from tools.run.run_folder import CALIBRATION
from tools.run.seeds import child_seed
from vae_wgan.data.image_copies import copies_among, without_copies
from vae_wgan.data.ood_names import NO_OOD, named_sources, with_own_names
from vae_wgan.data.picture_groups import groups_by, groups_in_words

_LOG = logging.getLogger(__name__)
# Share of the training images that is kept for calibration; of few images more is kept.
CALIBRATION_SHARE, MOST_CALIBRATION_SHARE = 0.05, 0.45
MONITORED_IMAGES = 64
COLOURS = 3  # channels of colour images
TRAINING = "training"  # name of the training images where those of several sets are listed
ATTACKED_NOISE = ("normal_noise", "uniform_noise")


class DataSettings(Protocol):
    """The settings that choose the data."""

    train_dataset: str
    data_dir: str
    seed: int
    eval_size: int
    calibration_size: int
    ood_datasets: Sequence[str]
    test_dataset: str
    strict_data: bool
    drop_copies: bool
    groups: str
    model_dir: str

    @property
    def read_options(self) -> ReadOptions:
        """How the user's images are read."""


class ImageDataSettings(DataSettings, Protocol):
    """The settings that choose the data of a run on images, and which images are altered."""

    corruptions: Sequence[str]
    severity: Sequence[str]
    perturbations: Sequence[str]
    altered_size: int
    matched_resampling: str
    adversarial: bool


@dataclass(frozen=True)
class ExperimentData:
    """All examples of a run. Training, calibration and test share no row if there are OoD sets.

    Attributes:
        training: Examples on which members are trained.
        calibration: Random examples split off the training set, see `calibration_count`, on which
            fitted scores and thresholds are fitted; members do not train on them.
        monitored: First examples of the calibration split, on which training is monitored.
        test: Random in-distribution test examples.
        ood: Out-of-distribution sets, in the order of the result tables.
        missing: Reason why an out-of-distribution set was left out, by name of the set.
        altered: Corrupted and perturbed test images, and images after a matched filter.
        kinds: Names of the out-of-distribution sets that lie beside the training images.
        image_copies: Images of the sets that are copies of earlier ones.
        protocol: What was decided about the data, by heading, for the manifest.
    """

    training: ExampleSet
    calibration: ExampleSet
    monitored: np.ndarray
    test: ExampleSet
    ood: tuple[ExampleSet, ...]
    missing: dict[str, str]
    altered: tuple[ExampleSet, ...] = ()
    kinds: tuple[str, ...] = ()
    image_copies: tuple[Copy, ...] = ()
    protocol: Mapping[str, Any] = field(default_factory=dict)

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
    is_unlabelled = tuple(settings.ood_datasets) == (NO_OOD,)
    named = {} if is_unlabelled else named_sources(settings.ood_datasets)
    parts = _load_parts(settings, whole=is_unlabelled or bool(settings.test_dataset))
    is_own = settings.train_dataset not in IMAGE_DATASETS
    known_images = parts.train
    if is_own and known_images.groups is None:
        groups = groups_by(settings.groups)(known_images)
        known_images = replace(known_images, groups=groups)
    training, calibration = split_calibration(known_images, settings.seed)
    test = parts.test or _ranked(parts.train, settings)
    _check_test(test, training, settings.train_dataset)
    if not named and not parts.kinds and not is_unlabelled:
        names = default_ood_names(settings.train_dataset, training.examples.shape[1:])
        named = {name: name for name in names}
    ood, missing = _load_ood(named, test, settings)
    kinds = tuple(with_own_names(parts.kinds, (test.name, CALIBRATION, *named)))
    ood = () if is_unlabelled else (*kinds, *ood)
    if not ood and not is_unlabelled:
        raise InputError("no out-of-distribution set could be had; name one with --ood_datasets")
    tested = () if is_unlabelled else (test, *ood)
    known = (replace(training, name=TRAINING), calibration)
    copies = copies_among((*known, *tested)) if is_own else ()
    if settings.drop_copies:
        test = without_copies(test, copies)
        ood = tuple(without_copies(part, copies) for part in ood)
    monitored = np.asarray(calibration.examples[:MONITORED_IMAGES])
    rows = child_seed(settings.seed, "evaluation rows", CALIBRATION)
    calibration = choose_rows(calibration, settings.calibration_size, rows).in_memory()
    return ExperimentData(
        training,
        calibration,
        monitored,
        test,
        ood,
        missing,
        kinds=tuple(kind.name for kind in kinds),
        image_copies=copies,
        protocol=_protocol(copies, (known_images, test, *ood), is_unlabelled, settings),
    )


def _load_parts(settings: DataSettings, *, whole: bool) -> ImageParts:
    """The images of --train_dataset, and of --test_dataset where it is given."""
    seed_of = partial(child_seed, settings.seed, "evaluation rows")
    options = settings.read_options
    choice = Choice(settings.eval_size, seed_of, groups_by(settings.groups))
    cache = Path(settings.model_dir) / DECODED if settings.model_dir else None
    source, data_dir = settings.train_dataset, settings.data_dir
    parts = load_parts(source, data_dir, options, choice, whole=whole, cache=cache)
    if not settings.test_dataset:
        return parts
    try:
        test = load_test_parts(settings.test_dataset, parts.train, data_dir, options, choice)
    except InputError as error:
        raise InputError(f"--test_dataset={settings.test_dataset}: {error}") from error
    return replace(parts, test=test.train, kinds=(*parts.kinds, *test.kinds))


def _ranked(images: ExampleSet, settings: DataSettings) -> ExampleSet:
    """The images to rank where none are labelled: all that train, or `eval_size` of them."""
    if len(images) > settings.eval_size:
        words = "%s: %d of %d pictures are ranked; --eval_size=%d ranks all"
        _LOG.info(words, images.name, settings.eval_size, len(images), len(images))
    seed = child_seed(settings.seed, "evaluation rows", "test")
    return choose_rows(images, settings.eval_size, seed).in_memory()


def _protocol(
    copies: Sequence[Copy],
    sets: Sequence[ExampleSet],
    is_unlabelled: bool,
    settings: DataSettings,
) -> dict[str, str]:
    """What a reader of the report must know about the data, by heading."""
    entries = {}
    if is_unlabelled:
        entries["Images that are ranked"] = "those that train: no others are known to be normal"
    if sets[0].groups is not None and (words := groups_in_words(sets[0].groups)):
        _LOG.info("%s: %s", sets[0].name, words)
        entries["Pictures of one thing"] = words
    if count := sum(len(one.left_out) for one in sets):
        entries["Broken pictures, left out"] = f"{count} (left_out.csv)"
    if copies:
        dropped = ", left out of the test" if settings.drop_copies else ""
        entries["Copies of others, or nearly"] = f"{len(copies)} images (copies.csv){dropped}"
    return entries


def _check_test(test: ExampleSet, training: ExampleSet, source: str) -> None:
    if test.examples.shape[1:] != training.examples.shape[1:]:
        raise InputError(f"--train_dataset={source}: its test images have another shape")
    if test.name == CALIBRATION:
        raise InputError(
            f"--train_dataset={source}: the name {CALIBRATION} is taken by the "
            "calibration rows; rename the file or folder"
        )


def load_image_data(settings: ImageDataSettings) -> ExperimentData:
    """The data of a run on images, altered images included.

    Raises:
        InputError: See `load_experiment_data`; or the networks do not support the image shape.
    """
    data = load_experiment_data(settings)
    training = data.training
    check_image_shape(f"--train_dataset: {training.name}", training.examples.shape[1:])
    altered = (*_altered_sets(settings, data.test), *_matched_sets(settings, data))
    return replace(data, altered=altered)


def _altered_sets(settings: ImageDataSettings, test: ExampleSet) -> Iterator[ExampleSet]:
    rows = child_seed(settings.seed, "evaluation rows", "altered")
    images = choose_rows(test, settings.altered_size, rows)
    seeds = (child_seed(settings.seed, name) for name in ("corruptions", "perturbations"))
    corruption_seed, perturbation_seed = seeds
    severities = [int(severity) for severity in settings.severity]
    yield from corrupted_sets(images, settings.corruptions, severities, corruption_seed)
    yield from perturbed_sets(images, settings.perturbations, perturbation_seed)


def _matched_sets(settings: ImageDataSettings, data: ExperimentData) -> Iterator[ExampleSet]:
    """Filtered colour images of sets that were read and resized by other hands than the run's."""
    if settings.matched_resampling == "auto" and data.test.examples.shape[-1] == COLOURS:
        others = [part for part in data.ood if part.name not in (*DERIVED, *data.kinds)]
        yield from matched_sets(data.test, others, settings.seed)


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
    """Splits random images off the training images: (training, calibration).

    Args:
        example_set: All images; its groups are not divided.
        seed: Root seed of the run.

    Raises:
        InputError: There are fewer than two images.
    """
    count = len(example_set)
    if count < 2:
        raise InputError(f"{example_set.name} has {count} training image; at least 2 are needed")
    order = np.random.default_rng(child_seed(seed, "calibration split")).permutation(count)
    cut = calibration_count(count)
    is_taken = kept_together(cut, order, example_set.groups)
    calibration, training = (
        example_set.take(np.flatnonzero(part)) for part in (is_taken, ~is_taken)
    )
    return training, replace(calibration, name=CALIBRATION)


def calibration_count(count: int) -> int:
    """How many of the training images are kept for calibration.

    5 %, or 3 * sqrt(count) where that is more, but 45 % at most. A threshold with 5 % false alarms
    needs 19 images, and its realised share varies with a standard deviation of about
    .22 / sqrt(images): of 50 images 21 are kept, of 200 42, of 1,000 95, of 3,600 and more 5 %.
    """
    share = max(CALIBRATION_SHARE * count, min(MOST_CALIBRATION_SHARE * count, 3 * count**0.5))
    return max(1, round(share))


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
            example_set = make_ood_set(
                entry, test, settings.eval_size, seed, settings.data_dir, settings.read_options
            )
        except InputError as error:
            if settings.strict_data or by_hand:
                raise InputError(f"--ood_datasets: {error}") from error
            missing[name] = str(error)
            _LOG.warning("%s is left out: %s", name, error)
            continue
        found.append(replace(example_set, name=name))
    return tuple(found), missing
