"""Explanation maps of a run of pictures: whether they find what was pasted into a test picture.

Pasted is a square, over the strokes of a digit: a piece of a digit of another class, noise, or the
blurred picture. The figure is the AUROC of pixels by the map: those that the pasting has changed,
against all outside the square. Unchanged pixels in the square are no sign of anything; a second
figure counts them too.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter

from scripts.benchmarks.figure import Figure
from tools.data.images.image_registry import load_images, load_labels
from tools.run.run_folder import RunFolder
from tools.run.seeds import child_seed
from tools.scores.metrics import auroc

KINDS = ("digit", "noise", "blur")
SIDE, BLUR = 10, 2.0  # pixels
STROKE, CHANGED = 0.5, 0.1  # least value of a stroke, least difference that counts as a change
BAR = 0.95


def add_flags(parser: argparse.ArgumentParser) -> None:
    """The run, and the pictures."""
    parser.add_argument("run", type=Path, help="folder of a run of vae_run.py or wgan_run.py")
    parser.add_argument("--dataset", default="mnist", help="whose test pictures; %(default)s")
    parser.add_argument("--pictures", type=int, default=500, help="of each kind; %(default)s")


def figures(options: argparse.Namespace) -> Iterator[Figure]:
    """The pixel AUROC of each kind of patch."""
    from vae_wgan.run.trained_ensemble import open_ensemble

    images = load_images(options.dataset, "test", options.data_dir).examples
    classes = load_labels(options.dataset, "test", options.data_dir)
    ensemble = open_ensemble(RunFolder(options.run))
    yield from map_figures(ensemble.maps, images, classes, options.pictures, options.seed)


def map_figures(
    maps_of: Callable[[np.ndarray], np.ndarray],
    images: np.ndarray,
    classes: np.ndarray,
    count: int,
    seed: int,
) -> Iterator[Figure]:
    """The figures of one kind of map.

    Args:
        maps_of: From pictures to maps [picture, height, width], higher = stranger.
        images: Test pictures [picture, height, width, channel] in [0, 1].
        classes: Class of each picture, [picture].
        count: Number of pictures of each kind.
        seed: Seed of the draw of pictures and places.
    """
    for kind in KINDS:
        rng = np.random.default_rng(child_seed(seed, "pasted patches", kind))
        pasted = pasted_pictures(kind, images, classes, count, rng)
        maps = maps_of(pasted["images"])
        normal = maps[~pasted["square"]]
        begin, bar = f"pasted_patches.{kind}", f"the bar: {BAR}"
        found = auroc(normal, maps[pasted["changed"]])
        yield Figure(f"{begin}.changed", found, "pixel AUROC", found / BAR, bar)
        yield Figure(f"{begin}.square", auroc(normal, maps[pasted["square"]]), "pixel AUROC")


def pasted_pictures(
    kind: str, images: np.ndarray, classes: np.ndarray, count: int, rng: np.random.Generator
) -> Mapping[str, np.ndarray]:
    """Pictures with a square pasted in: images, and bool [picture, height, width] of the pixels.

    Args:
        kind: One of KINDS.
        images: [picture, height, width, channel] in [0, 1].
        classes: Class of each picture, [picture].
        count: Number of pictures.
        rng: Draws pictures, places and noise.

    Returns:
        images, square: the pixels pasted over, changed: those of them that differ visibly.
    """
    chosen = rng.permutation(len(images))[:count]
    pasted, square = images[chosen].copy(), np.zeros((len(chosen), *images.shape[1:3]), bool)
    for number, row in enumerate(chosen):
        place = _over_a_stroke(images[row], rng)
        if kind == "digit":
            other = rng.choice(np.flatnonzero(classes != classes[row]))
            patch = images[other][_over_a_stroke(images[other], rng)]
        elif kind == "noise":
            patch = rng.random((SIDE, SIDE, images.shape[3]))
        else:
            patch = gaussian_filter(images[row], (BLUR, BLUR, 0))[place]
        pasted[number][place], square[number][place] = patch, True
    changed = np.abs(pasted - images[chosen]).max(axis=3) >= CHANGED
    return {"images": pasted, "square": square, "changed": changed}


def _over_a_stroke(image: np.ndarray, rng: np.random.Generator) -> tuple[slice, slice]:
    """A square whose middle, or nearly so at the edge, is a pixel of a stroke."""
    middle = rng.choice(np.argwhere(image.max(axis=2) >= STROKE))
    sides = zip(middle, image.shape, strict=False)
    top, left = (min(max(0, at - SIDE // 2), side - SIDE) for at, side in sides)
    return slice(top, top + SIDE), slice(left, left + SIDE)
