"""Image sets of TensorFlow Datasets by name: tfds:NAME, tfds:NAME/CONFIG, tfds:NAME:SPLIT.

Pictures are decoded by Pillow, as those of folders are, so TensorFlow is not loaded.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tools.data.example_set import ExampleSet, digest_of, drawn_rows
from tools.data.images.byte_images import as_floats
from tools.data.images.image_folder import DEFAULT_SIDE
from tools.data.images.picture_files import PictureForm, bombs_refused, decoded_content
from tools.data.images.preprocessing import ReadOptions, suits_networks
from tools.errors import InputError

if TYPE_CHECKING:
    from tensorflow_datasets.core import DatasetBuilder

_LOG = logging.getLogger(__name__)
PREFIX = "tfds:"
FORMAT = "array_record"  # the one that is read without TensorFlow
# For testing, the first of these that a set has.
TEST_SPLITS = ("test", "validation", "val")


class TfdsName(NamedTuple):
    """What a flag's value names.

    Attributes:
        builder: NAME or NAME/CONFIG, as TFDS takes it.
        split: One split; "": the one for the purpose.
    """

    builder: str
    split: str

    @property
    def label(self) -> str:
        """Name of the set in a run."""
        return re.sub(r"[^\w.-]", "_", self.builder)


def is_tfds(name: str) -> bool:
    """Whether a flag's value names a set of TensorFlow Datasets."""
    return name.startswith(PREFIX)


def tfds_name(text: str) -> TfdsName:
    """The parts of tfds:NAME[/CONFIG][:SPLIT].

    Raises:
        InputError: The text has another form.
    """
    found = re.fullmatch(r"tfds:(\w[\w.-]*(?:/\w[\w.-]*)*)(?::([\w.-]+(?:\[[\d%:]*\])?))?", text)
    if not found:
        raise InputError(f"{text}: write tfds:NAME, tfds:NAME/CONFIG or tfds:NAME:SPLIT")
    return TfdsName(found[1], found[2] or "")


def tfds_form(text: str, options: ReadOptions, data_dir: Path) -> PictureForm:
    """The form of a set's images: their own, or that of --image_size, or 64 pixels.

    Raises:
        InputError: As for `tfds_images`.
    """
    name = tfds_name(text)
    height, width, channels = _image_feature(_prepared(name, data_dir), text)[1]
    side, channels = options.image_size, 1 if channels == 1 else 3
    if not side and height and width and suits_networks(height, width):
        return PictureForm(height, width, channels, options.fit)
    if not side:
        words = "%s: images become %dx%d; --image_size=N chooses another size"
        _LOG.info(words, text, DEFAULT_SIDE, DEFAULT_SIDE)
    return PictureForm(side or DEFAULT_SIDE, side or DEFAULT_SIDE, channels, options.fit)


def has_test_split(text: str, data_dir: Path) -> bool:
    """Whether a set has a split for testing beside the one for training."""
    name = tfds_name(text)
    return not name.split and bool(_test_split(_prepared(name, data_dir).info.splits))


def tfds_images(
    text: str,
    purpose: str,
    form: PictureForm,
    data_dir: Path,
    *,
    size: int | None = None,
    seed: int = 0,
) -> ExampleSet:
    """The images of a split.

    Args:
        text: tfds:NAME[/CONFIG][:SPLIT].
        purpose: "train" or "test", which chooses the split where none is named.
        form: The form that they are brought to.
        data_dir: The set is downloaded to its folder tfds where it is not there.
        size: The most images, drawn without replacement; None: all.
        seed: Seed of the draw.

    Raises:
        InputError: TFDS is not installed, has no such set, or cannot have it; the set has no images
            or no such split.
    """
    name = tfds_name(text)
    builder = _prepared(name, data_dir)
    splits = builder.info.splits
    split = name.split or ("train" if purpose == "train" else _test_split(splits) or "train")
    if split.partition("[")[0] not in splits:
        raise InputError(f"{text}: it has no split {split}, only {', '.join(splits)}")
    feature = _image_feature(builder, text)[0]
    import tensorflow_datasets as tfds  # here: most runs do not need it

    source: Sequence[Any] = builder.as_data_source(
        split=split, decoders={feature: tfds.decode.SkipDecoding()}
    )
    rows = drawn_rows(len(source), size, seed)
    images = np.empty((len(rows), *form.shape), np.uint8)
    with bombs_refused():
        for place, row in enumerate(rows.tolist()):
            images[place] = decoded_content(source[row][feature], form, f"{text}, image {row}")
    floats = as_floats(images)
    return ExampleSet(name.label, floats, rows, digest_of(floats))


def _prepared(name: TfdsName, data_dir: Path) -> DatasetBuilder:
    """The set, downloaded and written in the format that is read without TensorFlow."""
    try:
        import tensorflow_datasets as tfds
    except ImportError as error:
        raise InputError(f"tfds:{name.builder} needs: pip install '.[tfds]'") from error
    folder = data_dir / "tfds"
    try:
        builder = tfds.builder(name.builder, data_dir=folder, file_format=FORMAT)
        if not builder.info.splits:
            _LOG.info("tfds:%s is not in %s; TensorFlow Datasets prepares it", name.builder, folder)
            builder.download_and_prepare(file_format=FORMAT)
        return builder
    except Exception as error:  # what a set's own code raises is not known
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise InputError(f"tfds:{name.builder} cannot be had: {reason}") from error


def _image_feature(builder: DatasetBuilder, text: str) -> tuple[str, tuple[int | None, ...]]:
    """Name and shape of the images among a set's features."""
    import tensorflow_datasets as tfds

    for name, feature in builder.info.features.items():
        if isinstance(feature, tfds.features.Image):
            return name, feature.shape
    raise InputError(f"{text} has no images, only {', '.join(builder.info.features)}")


def _test_split(splits: Sequence[str]) -> str:
    return next((name for name in TEST_SPLITS if name in splits), "")
