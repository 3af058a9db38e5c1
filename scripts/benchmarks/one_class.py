"""One class as normal, the other classes as anomalies: the headline of pictures and the floors.

Normal are 200, 1,000 or all training pictures of one class of MNIST, Fashion-MNIST or CIFAR-10, or
of one alphabet of Omniglot (drawers 1 to 15; 16 to 20 are tested), as in Deep SVDD (Ruff et al.
2018, http://proceedings.mlr.press/v80/ruff18a). The headline is `combined_images` without the part
of the members, which would need training.
"""

import argparse
import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from scripts.benchmarks.figure import Figure
from tools.data.images.image_registry import load_images, load_labels
from tools.errors import InputError
from tools.files.readers import read_npz_array
from tools.run.seeds import child_seed
from tools.scores.bootstrap import auroc_draws
from tools.scores.conformal import threshold_at
from tools.scores.image_floors import IMAGE_FLOORS, fit_image_floor
from tools.scores.intervals import difference_interval
from tools.scores.metrics import auroc
from tools.scores.pictures.picture_ensemble import PictureEnsemble

SETS = ("mnist", "fashion_mnist", "cifar10", "omniglot")
NORMAL, ANOMALOUS = 250, 500  # tested pictures of each class, at most
DRAWS, TARGET = 200, 0.05
ALPHABETS_STEP = 5  # one alphabet in so many is a class


class Labelled(NamedTuple):
    """Pictures in [0, 1] [image, height, width, channel] and their classes [image]."""

    images: np.ndarray
    classes: np.ndarray


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Sets, classes, numbers of training pictures, seeds."""
    parser.add_argument("--sets", default=",".join(SETS), help="with commas between")
    parser.add_argument("--sizes", default="200,1000,0", help="training pictures; 0: all")
    parser.add_argument("--classes", type=int, default=10, help="classes of each set, at most")
    parser.add_argument("--seeds", type=int, default=1, help="draws of training pictures")


def figures(options: argparse.Namespace) -> Iterator[Figure]:
    """AUROC of the headline, its parts and the floors by class, and means over the classes."""
    for name in options.sets.split(","):
        training, test = _parts(name, options.data_dir)
        for size in map(int, options.sizes.split(",")):
            means: dict[str, list[float]] = {}
            begin = f"one_class.{name}.{size or 'all'}"
            for label in np.unique(training.classes)[: options.classes]:
                for seed in range(options.seeds):
                    for figure in class_figures(training, test, label, size, seed):
                        means.setdefault(figure.name, []).append(figure.value)
                        whole = f"{begin}.{label}.{seed}.{figure.name}"
                        yield dataclasses.replace(figure, name=whole)
            for score, values in means.items():
                yield Figure(f"{begin}.mean.{score}", float(np.mean(values)), "mean of the classes")


def class_figures(
    training: Labelled, test: Labelled, label: object, size: int, seed: int
) -> Iterator[Figure]:
    """The figures of one class as normal.

    Args:
        training: All training pictures.
        test: All test pictures.
        label: The class that is normal.
        size: Number of training pictures; 0: all of the class.
        seed: Seed of the draws of pictures, and of the detectors.
    """
    rng = np.random.default_rng(child_seed(seed, "one class", str(label)))
    known = _drawn(training.images[training.classes == label], size or len(training.images), rng)
    normal = _drawn(test.images[test.classes == label], NORMAL, rng)
    odd = _drawn(test.images[test.classes != label], ANOMALOUS, rng)
    ensemble = PictureEnsemble.fit(known, seed)
    of_normal, of_odd = ensemble.scores(normal), ensemble.scores(odd)
    headline = (_sum(of_normal), _sum(of_odd))
    pairs = {"headline": headline} | {name: (of_normal[name], of_odd[name]) for name in of_odd}
    for name in IMAGE_FLOORS:
        floor = fit_image_floor(name, known, seed)
        pairs[name] = floor(normal), floor(odd)
    found = {name: auroc(*pair) for name, pair in pairs.items()}
    for name, value in found.items():
        yield Figure(name, value, "AUROC")
    alarms = np.mean(headline[0] > threshold_at(_sum(ensemble.held_out), TARGET))
    yield Figure("false_alarms", float(alarms), f"share of normal pictures, at {TARGET}")
    best = max(IMAGE_FLOORS, key=found.__getitem__)
    lines = [np.stack([headline[side], pairs[best][side]]) for side in (0, 1)]
    draws = auroc_draws(*lines, draws=DRAWS, seed=seed)
    aurocs = found["headline"], found[best]
    low, high = difference_interval(aurocs, draws, min(len(normal), len(odd)))
    yield Figure("over_best_floor", aurocs[0] - aurocs[1], f"AUROC over {best}")
    yield Figure("over_best_floor.low", low, "end of the 95 % interval")
    yield Figure("over_best_floor.high", high, "end of the 95 % interval")


def _sum(parts: dict[str, np.ndarray]) -> np.ndarray:
    return np.sum([*parts.values()], axis=0)


def _drawn(images: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    return images[rng.permutation(len(images))[:count]]


def _parts(name: str, data_dir: str) -> Sequence[Labelled]:
    """Training and test pictures of a set."""
    if name not in SETS:
        raise InputError(f"--sets={name}: known are {', '.join(SETS)}")
    if name == "omniglot":
        return _alphabets(Path(data_dir) / "omniglot_28x28.npz")
    return [
        Labelled(load_images(name, split, data_dir).examples, load_labels(name, split, data_dir))
        for split in ("train", "test")
    ]


def _alphabets(path: Path) -> Sequence[Labelled]:
    images, classes, drawers, alphabets = (
        read_npz_array(path, name) for name in ("x", "y", "drawer", "class_alphabet")
    )
    names = alphabets[classes]
    chosen = np.isin(names, np.unique(names)[::ALPHABETS_STEP])
    parts = chosen & (drawers <= 15), drawers > 15
    return [Labelled(images[part].astype(np.float32) / 255, names[part]) for part in parts]
