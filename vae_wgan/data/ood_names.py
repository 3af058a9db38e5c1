"""Entries of --ood_datasets: the name of a set and where its images come from."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from tools.data.example_set import ExampleSet
from tools.data.images.tfds_images import is_tfds, tfds_name
from tools.errors import InputError
from tools.run.manifest import GROUPS

NO_OOD = "none"  # the only entry where pictures are not labelled
# Prefixes of the names of attacked and altered sets, reserved for the run.
OWN_NAMES = ("adv_", *(f"{group}." for group in GROUPS))


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
    """Name and source of an entry of --ood_datasets: NAME=PATH, a known name, or a path."""
    name, equals, source = entry.partition("=")
    if is_tfds(entry):
        return tfds_name(entry).label, entry
    if not equals and "/" in entry:
        name, source = Path(entry).name or Path(entry).parent.name, entry
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


def with_own_names(kinds: Sequence[ExampleSet], taken: Collection[str]) -> Iterator[ExampleSet]:
    """Kinds of anomalies under names that may be those of files and that no other set has."""
    for kind in kinds:
        name = re.sub(r"[^\w.-]", "_", kind.name).lstrip(".")
        is_taken = name in taken or name.startswith(OWN_NAMES)
        yield replace(kind, name=f"kind_{name}" if is_taken else name)
