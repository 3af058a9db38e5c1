"""Writes docs/datasets.md, the table of the image sets that a flag can name.

python scripts/datasets_page.py
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

if not __package__:  # started as a file: the checkout's root takes the place of this folder
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from tools.data.images.image_datasets import IMAGE_DATASETS, ImageDataset

PAGE = Path(__file__).resolve().parents[1] / "docs" / "datasets.md"
# Images of each split; a file is not read for them.
ROWS = {
    "mnist": {"train": 60_000, "test": 10_000},
    "fashion_mnist": {"train": 60_000, "test": 10_000},
    "notmnist": {"test": 10_000},
    "omniglot": {"test": 32_460},
    "emnist_letters": {"test": 20_800},
    "kmnist": {"train": 60_000, "test": 10_000},
    "cifar10": {"train": 50_000, "test": 10_000},
    "cifar100": {"train": 50_000, "test": 10_000},
    "celeba": {"test": 3_000},
    "svhn": {"train": 73_257, "test": 26_032},
    "imagenet": {"test": 10_000},
}
INTRODUCTION = """\
# Data sets

<!-- Made by `python scripts/datasets_page.py`. -->

Names of `--train_dataset` (sets with training images) and of `--ood_datasets` (all). Sources are
tried from left to right where the files are missing in `--data_dir`. Runs are tested by default on
the sets of their own shape, except those with a star.

| name | height x width x channels | training images | test images | source | licence |
|---|---|---|---|---|---|
"""


def page() -> str:
    """The page in Markdown, one row per set."""
    lines = (f"| {' | '.join(_cells(name, one))} |\n" for name, one in IMAGE_DATASETS.items())
    return INTRODUCTION + "".join(lines)


def _cells(name: str, dataset: ImageDataset) -> Iterator[str]:
    yield f"`{name}`{'' if dataset.by_default else ' *'}"
    yield "x".join(map(str, dataset.image_shape))
    for split in ("train", "test"):
        yield f"{ROWS[name][split]:,}" if split in dataset.files else ""
    sources = (*dataset.sources, *(one for split in dataset.by_split.values() for one in split))
    yield ", ".join(map(str, sources)) or "by hand"
    yield dataset.licence


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    PAGE.write_text(page(), "utf-8")
