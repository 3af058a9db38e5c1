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


def simple_quantities(
    detectors: SimpleDetectors, rows: np.ndarray, *, few: bool = False
) -> dict[str, np.ndarray]:
    """Their scores of rows of a table or of images, float64 [1, row] by name.

    Args:
        detectors: The detectors.
        rows: Encoded rows [row, feature], or images.
        few: Whether to compute all in one go, with no look at the values, as a graph does.
    """
    if isinstance(detectors, SimpleEnsemble):
        scores = detectors.scores_of_few(rows) if few else detectors.scores(rows)
        return {SIMPLE: scores[np.newaxis]}
    parts = detectors.scores_of_few(rows) if few else detectors.scores(rows)
    return {f"{SIMPLE_PARTS}{name}": values[np.newaxis] for name, values in parts.items()}
