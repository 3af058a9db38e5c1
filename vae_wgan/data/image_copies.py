"""Copies among the images of a run: counted, and left out of the test on demand."""

import logging
from collections.abc import Sequence

import numpy as np

from tools.data.example_set import ExampleSet
from tools.data.images.copies import Copy, find_copies
from tools.data.images.image_registry import DERIVED
from tools.errors import InputError

_LOG = logging.getLogger(__name__)


def copies_among(sets: Sequence[ExampleSet]) -> tuple[Copy, ...]:
    """The copies among the images of several sets; logs how many each set has.

    Mirrored images and noise have none: they are made, not found.
    """
    found = [one for one in sets if one.name not in DERIVED]
    copies = tuple(find_copies(found))
    for one in found:
        if count := sum(copy.dataset == one.name for copy in copies):
            words = "%s: %d of %d images are copies, or nearly, of others (copies.csv)"
            _LOG.info(words, one.name, count, len(one))
    return copies


def without_copies(images: ExampleSet, copies: Sequence[Copy]) -> ExampleSet:
    """The set without images that are copies of training images or of others of the test.

    Raises:
        InputError: Nothing is left.
    """
    dropped = [copy.example for copy in copies if copy.dataset == images.name]
    kept = np.flatnonzero(~np.isin(images.labels, dropped))
    if not len(kept):
        raise InputError(f"--drop_copies leaves nothing of {images.name}: all are copies")
    return images.take(kept)
