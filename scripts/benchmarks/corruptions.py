"""Seconds per corruption of 1,000 images, at the middle severity."""

import argparse
from collections.abc import Iterator
from functools import partial
from timeit import timeit

import numpy as np

from scripts.benchmarks.figure import Figure, interleaved_medians
from tools.data.corruptions.corruption_kinds import CORRUPTIONS, corrupt

IMAGES, SEVERITY = 1000, 3


def add_flags(parser: argparse.ArgumentParser) -> None:
    """This part has none."""


def figures(options: argparse.Namespace) -> Iterator[Figure]:
    """A figure per corruption, and their sum."""
    images = np.random.default_rng(options.seed).random((IMAGES, 32, 32, 3), np.float32)
    calls = {
        name: partial(timeit, partial(corrupt, name, images, SEVERITY, seed=0), number=1)
        for name in CORRUPTIONS
    }
    seconds = interleaved_medians(calls, options.repeats)
    unit = f"s for {IMAGES} images of 32x32x3"
    for name, value in seconds.items():
        yield Figure(f"corruptions.{name}", value, unit)
    yield Figure("corruptions.all", sum(seconds.values()), unit)
