"""Simple detectors of a run, of table rows or of pictures, and the quantities they give."""

from collections.abc import Mapping

import numpy as np

from tools.scores.floors import SIMPLE
from tools.scores.pictures.picture_ensemble import PictureEnsemble
from tools.scores.score_registry import SIMPLE_PARTS
from tools.scores.simple.simple_ensemble import SimpleEnsemble

SimpleDetectors = SimpleEnsemble | PictureEnsemble


def simple_detectors(state: Mapping[str, np.ndarray]) -> SimpleDetectors:
    """The detectors that had this state."""
    return PictureEnsemble(state) if "pictures" in state else SimpleEnsemble(state)


def simple_quantities(detectors: SimpleDetectors, rows: np.ndarray) -> dict[str, np.ndarray]:
    """Their scores of rows of a table or of images, float64 [1, row] by name."""
    if isinstance(detectors, SimpleEnsemble):
        return {SIMPLE: detectors.scores(rows)[np.newaxis]}
    parts = detectors.scores(rows)
    return {f"{SIMPLE_PARTS}{name}": values[np.newaxis] for name, values in parts.items()}
