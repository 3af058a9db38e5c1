"""A finished run of made-up scores, as large as wanted, for measuring the analysis."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from tools.files.whole_files import write_json
from tools.run.run_folder import CALIBRATION, RunFolder
from tools.scores.ensemble_statistics import SCORE_KEYS
from tools.scores.score_files import write_scores
from tools.scores.score_registry import (
    FITTED_SCORES,
    GRADIENT_NORMS,
    NOT_OF_MEMBERS,
    needed_quantities,
)

GRADIENT_TENSORS = 62  # gradient tensors of the VAE with six flows
PROPERTIES = sorted(NOT_OF_MEMBERS - {"background_iwae"})
IN_DISTRIBUTION = "inside"


def write_synthetic_run(
    path: Path, *, members: int, sets: int, examples: int, seed: int = 0
) -> RunFolder:
    """Writes a manifest, and scores of all kinds for the test set, calibration and OoD sets.

    Args:
        path: The run's folder.
        members: Number of members.
        sets: OoD sets; each is further away than the one before.
        examples: Number of examples in each set.
        seed: Seed of the scores.
    """
    folder = RunFolder(path)
    rng = np.random.default_rng(seed)
    outside = [f"outside{index}" for index in range(sets)]
    for index, name in enumerate((IN_DISTRIBUTION, CALIBRATION, *outside)):
        distance = max(index - 1, 0) / 10
        ids = np.arange(examples)
        scores = _normal(rng, _names_of_members(), (members, examples), distance)
        write_scores(folder.scores(name), scores, ids, {"seed": seed})
        write_scores(
            folder.inputs(name), _normal(rng, PROPERTIES, (1, examples), distance), ids, {}
        )
    settings = {"train_dataset": IN_DISTRIBUTION, "elbo_threshold": None, "seed": seed}
    settings |= {"score_keys": [*SCORE_KEYS, *FITTED_SCORES], "bootstrap": 1000}
    datasets = {"in_distribution": IN_DISTRIBUTION, "out_of_distribution": outside}
    write_json(folder.manifest_path, {"settings": settings, "datasets": datasets})
    return folder


def _names_of_members() -> list[str]:
    """Names of all quantities that members give, sorted."""
    named = {*SCORE_KEYS, *needed_quantities(FITTED_SCORES)} - {GRADIENT_NORMS, *PROPERTIES}
    return sorted(named) + [f"{GRADIENT_NORMS}{index}" for index in range(GRADIENT_TENSORS)]


def _normal(
    rng: np.random.Generator, names: Iterable[str], shape: tuple[int, int], mean: float
) -> dict[str, np.ndarray]:
    """Values [line, example]; half of the variance is between examples, half between lines."""
    scores = {}
    for name in names:
        example = rng.standard_normal(shape[1], np.float32)
        scores[name] = mean + (example + rng.standard_normal(shape, np.float32)) / np.sqrt(2)
    return scores
