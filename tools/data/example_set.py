"""Examples and their origin, images or rows of a table: what the parts of a run exchange."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import cast

import numpy as np

from tools.data.images.byte_images import ByteImages
from tools.run.manifest import Alteration


@dataclass(frozen=True)
class ExampleSet:
    """Examples and where they come from.

    Attributes:
        name: A data set's name, or that of a user's file or folder without its ending.
        examples: float32; images [example, height, width, channel] in [0, 1], or rows of a table
            [example, feature]. Many images are `ByteImages`, which are indexed in the same way.
        ids: int64 [example]: row number in the source; a mirrored image has that of its original.
        checksum: sha256 of the source's content; of the values for noise and a user's own data.
        alteration: How the examples were corrupted or perturbed; None: they were not.
        paths: File of each example, below the set's folder [example]; None: they are not files.
        folder: That folder; None: they are not files.
        fit: How pictures of that folder were brought to their shape, one of FITS.
        value_range: Numbers that stood for black and white in an array; None: bytes or pictures.
        left_out: {file that could not be read: reason}.
        groups: int64 [example]: number of the thing that each picture shows; None: not known.
    """

    name: str
    examples: np.ndarray
    ids: np.ndarray
    checksum: str
    alteration: Alteration | None = None
    paths: np.ndarray | None = None
    folder: Path | None = None
    fit: str = ""
    value_range: tuple[float, float] | None = None
    left_out: Mapping[str, str] = field(default_factory=dict)
    groups: np.ndarray | None = None

    def __len__(self) -> int:
        """Number of examples."""
        return len(self.examples)

    @cached_property
    def digest(self) -> str:
        """sha256 of the examples' values, in hexadecimal."""
        return digest_of(self.examples)

    @property
    def labels(self) -> list[str]:
        """What people call the examples: their files, or else their ids."""
        return list(map(str, self.ids if self.paths is None else self.paths))

    def take(self, rows: np.ndarray) -> ExampleSet:
        """The examples at these positions, under the same name."""
        images: object = self.examples  # ByteImages are no subclass of arrays
        examples = images.take(rows) if isinstance(images, ByteImages) else self.examples[rows]
        paths, groups = (
            None if values is None else values[rows] for values in (self.paths, self.groups)
        )
        values = cast(np.ndarray, examples)
        return replace(self, examples=values, ids=self.ids[rows], paths=paths, groups=groups)

    def in_memory(self) -> ExampleSet:
        """The set with its examples as one array in memory, and no longer `ByteImages`."""
        return replace(self, examples=np.asarray(self.examples))

    def spread(self, size: int) -> ExampleSet:
        """At most this many of the examples, evenly spread over their order."""
        count = min(size, len(self))
        return self.take(np.arange(count) * len(self) // count)


def digest_of(values: np.ndarray) -> str:
    """sha256 of an array's values, in hexadecimal."""
    images: object = values
    if isinstance(images, ByteImages):
        return images.digest()
    return hashlib.sha256(np.ascontiguousarray(values).data).hexdigest()


def choose_rows(example_set: ExampleSet, size: int, seed: int) -> ExampleSet:
    """Random rows without replacement, in their old order; all rows if there are no more."""
    if size >= len(example_set):
        return example_set
    return example_set.take(drawn_rows(len(example_set), size, seed))


def drawn_rows(count: int, size: int | None, seed: int) -> np.ndarray:
    """Positions of `size` of `count` examples, drawn without replacement, ascending: int64.

    All of them if there are no more, or if size is None.
    """
    if size is None or size >= count:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, size, replace=False))
