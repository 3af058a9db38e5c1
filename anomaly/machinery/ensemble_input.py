"""Arguments of EnsembleDetector: the score's name, and paths in place of images and tables."""

from pathlib import Path
from typing import Any

import numpy as np

from tools.data.images.own_images import Choice, own_parts
from tools.data.images.preprocessing import ReadOptions
from tools.data.tables.table_datasets import load_table
from tools.errors import ArgumentError, checked_word
from tools.scores.ensemble_statistics import SCORE_KEYS, STATISTICS
from tools.scores.score_lines import ENSEMBLE
from tools.scores.score_registry import FITTED_SCORES


def given(**settings: Any) -> dict[str, Any]:
    """The settings that are not None."""
    return {name: value for name, value in settings.items() if value is not None}


def finite(threshold: float) -> float:
    """A threshold that JSON can hold: above the largest float is as good as nothing."""
    return min(threshold, float(np.finfo(np.float64).max))


def images_from(source: Any) -> Any:
    """The ExampleSet of a path, which knows its range of values, or the array itself."""
    if not isinstance(source, str | Path):
        return source
    choice = Choice(size=0, seed_of=lambda part: 0)  # no test images are read
    path = Path(source).expanduser()
    parts = own_parts(path, ReadOptions(), choice, whole=True, cache=None)
    return parts.train.in_memory()


def table_from(source: Any) -> Any:
    """The table of a path, or the table itself."""
    return load_table(str(source), "").frame if isinstance(source, str | Path) else source


def key_and_statistic(score: str) -> tuple[str | None, str]:
    """The score key, None for the members' headline, and the statistic that a name stands for."""
    if score in FITTED_SCORES:
        return score, ENSEMBLE
    statistics = [name for name in STATISTICS if name != "single"]
    key, _, statistic = score.partition(".")
    if key in statistics and not statistic:
        return None, key
    if key in FITTED_SCORES:
        raise ArgumentError(f"score={score!r}: {key} is one number per row already; it has no mean")
    checked_word("score", key, (*SCORE_KEYS, *statistics, *FITTED_SCORES))
    return key, checked_word("score", statistic or "mean", statistics)
