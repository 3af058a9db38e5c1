"""Published files of a data set as the one array that we keep of it."""

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from tools.data.readers import parse_idx, read_gzip

OMNIGLOT_SIZE = (28, 28)


def idx_images(paths: Sequence[Path]) -> np.ndarray:
    """uint8 [image, height, width, 1] of one gzipped idx file."""
    (path,) = paths
    return parse_idx(read_gzip(path), path)[..., np.newaxis]


def omniglot_images(paths: Sequence[Path]) -> np.ndarray:
    """Omniglot's drawings in the size and the colours of MNIST: white on black.

    Args:
        paths: The official zips, background first, of 105x105 png files, black on white.

    Returns:
        uint8 [image, 28, 28, 1], shuffled so that each prefix mixes the alphabets.
    """
    drawings = []
    for path in paths:
        with zipfile.ZipFile(path) as archive:
            names = sorted(
                name
                for name in archive.namelist()
                if name.startswith(f"{path.stem}/") and name.endswith(".png")
            )
            for name in tqdm(names, path.stem, leave=False):
                drawings.append(_omniglot_drawing(archive.read(name)))
    order = np.random.RandomState(0).permutation(len(drawings))  # old, but the published order
    return np.stack(drawings)[order, ..., np.newaxis]


def _omniglot_drawing(content: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(content)) as drawing:
        inverted = drawing.convert("L").point(lambda value: 255 - value)
    return np.asarray(inverted.resize(OMNIGLOT_SIZE, Image.Resampling.BOX))
