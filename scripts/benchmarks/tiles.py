"""Photos of magnetic tiles: scores of simple models, what local scores of ensembles have to beat.

The sound photos show about 200 tiles under several exposures, and 91 % of the sound test photos
show a tile that is also in the training part. So there are two protocols: `given`, the file's
split, where whatever remembers tiles does well; and `grouped`, where photos of one tile stay
together and a test tile has never been seen.
"""

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.sparse.csgraph import connected_components

from scripts.benchmarks.figure import Figure
from tools.errors import InputError
from tools.scores.conformal import threshold_at
from tools.scores.metrics import auroc
from tools.scores.pictures.picture_ensemble import PictureEnsemble

KINDS = ("blowhole", "break", "uneven")
TEST_SHARE = 6  # of the tiles, one in so many is tested under the protocol grouped
TARGET = 0.05
DEFECT = 128  # least value of a mask's defective pixels
SAME_TILE, BORDER = 0.5, 3  # least correlation of two photos; pixels at the border left out of it


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Seeds, and which protocols."""
    parser.add_argument("--seeds", type=int, default=1, help="splits and folds, one a seed")
    parser.add_argument("--protocols", default="given,grouped", help="with commas between")


def figures(options: argparse.Namespace) -> Iterator[Figure]:
    """AUROC of the headline and its parts by kind, false alarms, and AUROC of pixels."""
    path = Path(options.data_dir) / "tiles_64x64.npz"
    if not path.exists():
        raise InputError(f"--data_dir={options.data_dir} has no {path.name}")
    with np.load(path, allow_pickle=False) as file:
        photos = {name: file[name] for name in file.files if name != "provenance"}
    for protocol in options.protocols.split(","):
        for seed in range(options.seeds):
            yield from tile_figures(photos, protocol, seed)


def tile_figures(photos: Mapping[str, np.ndarray], protocol: str, seed: int) -> Iterator[Figure]:
    """The figures of one split.

    Args:
        photos: uint8 [photo, height, width] of train, good, and each kind with its masks.
        protocol: given or grouped.
        seed: Seed of the split and of the folds.
    """
    training, good, groups = _split(photos, protocol, seed)
    detector = PictureEnsemble.fit(_values(training), seed, groups)
    calibration, sound = _with_headline(detector.held_out)["headline"], _scores(detector, good)
    begin = f"tiles.{protocol}.{seed}"
    rate = float(np.mean(sound["headline"] > threshold_at(calibration, TARGET)))
    yield Figure(f"{begin}.false_alarms", rate, f"share of sound photos, at {TARGET}")
    means: dict[str, list[float]] = {}
    for kind in KINDS:
        odd = _scores(detector, photos[kind][..., np.newaxis])
        for name, values in odd.items():
            value = auroc(sound[name], values)
            means.setdefault(name, []).append(value)
            yield Figure(f"{begin}.{kind}.{name}", value, "AUROC")
        heat = detector.maps(_values(photos[kind][..., np.newaxis]))
        is_odd = photos[f"{kind}_mask"] >= DEFECT
        yield Figure(f"{begin}.{kind}.pixels", auroc(heat[~is_odd], heat[is_odd]), "pixel AUROC")
    for name, values in means.items():
        yield Figure(f"{begin}.mean.{name}", float(np.mean(values)), "mean AUROC of the kinds")


def _values(photos: np.ndarray) -> np.ndarray:
    return photos.astype(np.float32) / 255


def _scores(detector: PictureEnsemble, photos: np.ndarray) -> dict[str, np.ndarray]:
    return _with_headline(detector.scores(_values(photos)))


def _with_headline(parts: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The parts and their sum, as in the score combined_images without members."""
    return {"headline": np.sum([*parts.values()], axis=0), **parts}


def _split(
    photos: Mapping[str, np.ndarray], protocol: str, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Training and sound test photos [photo, height, width, 1], and the training photos' tiles."""
    training, good = (photos[name][..., np.newaxis] for name in ("train", "good"))
    if protocol == "given":
        return training, good, np.arange(len(training))
    if protocol != "grouped":
        raise InputError(f"--protocols={protocol}: known are given and grouped")
    sound = np.concatenate([training, good])
    tiles = tiles_of(sound[..., 0])
    count = tiles.max() + 1
    tested = np.random.default_rng(seed).permutation(count)[: count // TEST_SHARE]
    is_tested = np.isin(tiles, tested)
    return sound[~is_tested], sound[is_tested], tiles[~is_tested]


def tiles_of(photos: np.ndarray) -> np.ndarray:
    """Number of the tile that each photo [photo, height, width] shows, [photo].

    Photos whose fine structure correlates by more than a half show one tile, and so do photos that
    are connected by such pairs.
    """
    logs = np.log(photos.astype(np.float32) + 8)
    fine = logs - gaussian_filter(logs, (0, 3, 3))
    fine /= np.sqrt(gaussian_filter(np.square(fine), (0, 4, 4))) + 0.01
    rows = fine[:, BORDER:-BORDER, BORDER:-BORDER].reshape(len(photos), -1)
    rows -= rows.mean(axis=1, keepdims=True)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return connected_components(rows @ rows.T > SAME_TILE, directed=False)[1]
