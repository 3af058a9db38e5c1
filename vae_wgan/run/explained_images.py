"""Why images have their scores: each one in grey, and in colour where it is strange."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tools.files.whole_files import write_bytes
from tools.report.picture_maps import overlay_png
from vae_wgan.run.score_sets import as_bytes

if TYPE_CHECKING:
    from vae_wgan.run.trained_ensemble import TrainedEnsemble


def write_overlays(
    ensemble: "TrainedEnsemble", images: np.ndarray, names: Sequence[str], folder: Path
) -> None:
    """Writes NAME.png for each image: it in grey, and in colour where it is strange.

    Args:
        ensemble: The run's ensemble.
        images: [image, height, width, channel] in [0, 1].
        names: Name of each image; a path has - in place of what no file name takes.
        folder: Where the files go.

    Raises:
        ArgumentError: The ensemble has no maps.
    """
    if not len(images):
        return
    for name, image, map in zip(names, images, ensemble.maps(images), strict=True):
        plain = re.sub(r"[^\w.-]+", "-", name).lstrip(".-") or "picture"
        write_bytes(folder / f"{plain}.png", overlay_png(as_bytes(image), map))
