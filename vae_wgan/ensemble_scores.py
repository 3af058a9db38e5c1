"""Scores the sets of a run with all members and leaves score files and pictures."""

import hashlib
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from tools.data.example_set import ExampleSet
from tools.run.checkpoints import file_digest, read_checkpoint
from tools.run.folder import RunFolder
from tools.run.whole_files import write_npz
from tools.scores.ensemble import anomaly_scores
from tools.scores.files import is_current, write_scores
from vae_wgan.ensemble import Scorer, score_ensemble

_LOG = logging.getLogger(__name__)
EXTREME_PICTURES, FIRST_PICTURES = 16, 8


class ScoringSettings(Protocol):
    """The settings that scores depend on beside the members."""

    seed: int
    n_samples: int
    compile: bool


class PictureScorer(Scorer, Protocol):
    """A scorer that shows what it makes of an image."""

    def reconstruct(self, images: np.ndarray) -> np.ndarray:
        """Images [image, height, width, channel] in [0, 1], of the same shape."""


def score_datasets(
    scorer: Scorer | PictureScorer,
    checkpoints: Sequence[Path],
    example_sets: Sequence[ExampleSet],
    settings: ScoringSettings,
    folder: RunFolder,
) -> None:
    """Writes scores/DATASET.npz, and pictures/DATASET.npz where the scorer shows pictures.

    Files that are up to date stay.
    """
    has_pictures = hasattr(scorer, "reconstruct")
    members = [file_digest(checkpoint) for checkpoint in checkpoints]
    for example_set in example_sets:
        provenance = {
            "members": members,
            "dataset": example_set.checksum,
            "values": hashlib.sha256(example_set.examples).hexdigest(),
            "n_samples": settings.n_samples,
            "seed": settings.seed,
            "compile": settings.compile,
        }
        path, pictures_path = folder.scores(example_set.name), folder.pictures(example_set.name)
        if is_current(path, provenance) and pictures_path.exists() == has_pictures:
            _LOG.info("%s: scores are up to date", example_set.name)
            continue
        _LOG.info("%s: scoring %d examples", example_set.name, len(example_set))
        pictures_path.unlink(missing_ok=True)
        scores = score_ensemble(scorer, checkpoints, example_set, settings.seed)
        write_scores(path, scores, example_set.ids, provenance)
        if not has_pictures:
            continue
        scorer.load_state(read_checkpoint(checkpoints[0]).arrays)
        write_npz(pictures_path, extreme_pictures(scorer, example_set, scores))


def extreme_pictures(
    scorer: PictureScorer, example_set: ExampleSet, scores: dict[str, np.ndarray]
) -> dict[str, Any]:
    """The most and least anomalous rows by WAIC of iwae, and the first, with reconstructions.

    Returns:
        For each of "most", "least" and "first": {group}_ids, {group}_images and
        {group}_reconstructions; images are uint8 [image, height, width, channel].
    """
    order = np.argsort(anomaly_scores("iwae", scores["iwae"])["waic"], kind="stable")
    groups = {
        "most": order[::-1][:EXTREME_PICTURES],
        "least": order[:EXTREME_PICTURES],
        "first": np.arange(min(FIRST_PICTURES, len(order))),
    }
    pictures = {}
    for group, rows in groups.items():
        images = example_set.examples[rows]
        pictures[f"{group}_ids"] = example_set.ids[rows]
        pictures[f"{group}_images"] = _as_bytes(images)
        pictures[f"{group}_reconstructions"] = _as_bytes(scorer.reconstruct(images))
    return pictures


def _as_bytes(images: np.ndarray) -> np.ndarray:
    return np.rint(255 * images).astype(np.uint8)
