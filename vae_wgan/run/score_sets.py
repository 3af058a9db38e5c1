"""Scores the sets of a run with all members; leaves score files, inputs' properties, pictures."""

import logging
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from tools.data.example_set import ExampleSet
from tools.errors import InputError
from tools.files.whole_files import write_npz
from tools.run.checkpoints import file_digest, read_checkpoint
from tools.run.run_folder import CALIBRATION, RunFolder
from tools.run.stopwatch import Stopwatch
from tools.scores.ensemble_statistics import anomaly_scores, headline_score
from tools.scores.input_statistics import input_statistics
from tools.scores.score_files import ScoreFile, is_current, read_scores, write_scores
from vae_wgan.ensemble.member_runners import Runner
from vae_wgan.ensemble.members import Scorer

_LOG = logging.getLogger(__name__)
EXTREME_PICTURES, FIRST_PICTURES, SAMPLES = 16, 8, 64
CODES = 500  # of a set; their picture has no room for more


class ScoringSettings(Protocol):
    """The settings that scores depend on beside the members; n_samples too where it is one."""

    seed: int
    compile: bool


class Reconstructor(Scorer, Protocol):
    """A scorer that shows what it makes of an image."""

    def reconstruct(self, images: np.ndarray) -> np.ndarray:
        """Images [image, height, width, channel] in [0, 1], of the same shape."""


class Sampler(Scorer, Protocol):
    """A scorer that shows what it takes for normal."""

    def sample(self, count: int, seed: int) -> np.ndarray:
        """New images [image, height, width, channel] in [0, 1]."""


class Coder(Scorer, Protocol):
    """A scorer that has a code for an image."""

    def mean_codes(self, images: np.ndarray) -> np.ndarray:
        """Means of q(z|x), [image, latent]."""


def score_datasets(
    runner: Runner,
    checkpoints: Sequence[Path],
    example_sets: Sequence[ExampleSet],
    settings: ScoringSettings,
    folder: RunFolder,
    needed: Collection[str] = (),
    *,
    pictures: bool = True,
) -> None:
    """Writes scores/DATASET.npz and, of images, pictures/DATASET.npz.

    Files that are up to date and hold what is needed stay.

    Args:
        runner: Scores with all members.
        checkpoints: Files of the members.
        example_sets: To be scored.
        settings: Of the run.
        folder: Of the run.
        needed: Names of scores; one that ends in a dot stands for any that begin with it.
        pictures: Whether sets of images get pictures.
    """
    of_all = scoring_provenance(checkpoints, settings)
    provenances, stale = {}, []
    for example_set in example_sets:
        provenance = of_all | {"dataset": example_set.checksum, "values": example_set.digest}
        path, pictures_path = folder.scores(example_set.name), folder.pictures(example_set.name)
        pictured = pictures and example_set.examples.ndim == 4
        if is_current(path, provenance, needed) and pictures_path.exists() == pictured:
            _LOG.info("%s: scores are up to date", example_set.name)
            continue
        provenances[example_set.name] = provenance
        stale.append(example_set)
    for example_set, scores in runner.scores(checkpoints, stale, settings.seed):
        _LOG.info("%s: %d examples are scored", example_set.name, len(example_set))
        folder.pictures(example_set.name).unlink(missing_ok=True)
        path = folder.scores(example_set.name)
        write_scores(path, scores, example_set.ids, provenances[example_set.name])
        if pictures and example_set.examples.ndim == 4:
            runner.model.load_state(read_checkpoint(checkpoints[0]).arrays)
            extremes = extreme_pictures(runner.model, example_set, scores)
            write_npz(folder.pictures(example_set.name), extremes)


def scoring_provenance(checkpoints: Sequence[Path], settings: ScoringSettings) -> dict[str, Any]:
    """What the scores of any rows depend on beside the rows."""
    return {
        "members": [file_digest(checkpoint) for checkpoint in checkpoints],
        "n_samples": getattr(settings, "n_samples", 1),  # a critic draws none
        "seed": settings.seed,
        "compile": settings.compile,
    }


def read_calibration(
    folder: RunFolder, checkpoints: Sequence[Path], settings: ScoringSettings
) -> ScoreFile:
    """The scores of a run's calibration split.

    Raises:
        InputError: They are missing, or of other members or settings.
    """
    path = folder.scores(CALIBRATION)
    file, wanted = read_scores(path), scoring_provenance(checkpoints, settings)
    if differing := [key for key in wanted if file.provenance.get(key) != wanted[key]]:
        raise InputError(
            f"{path} was made with other {', '.join(differing)}; run with --skip_train=True and the"
            " same flags, but without --score_file, first"
        )
    return file


def write_input_statistics(
    example_sets: Sequence[ExampleSet], likelihood: str, folder: RunFolder, stopwatch: Stopwatch
) -> None:
    """Writes inputs/DATASET.npz, the values of `input_statistics`, of sets of images.

    Files that are up to date stay.

    Args:
        example_sets: Images, or rows of tables, which have no such properties.
        likelihood: Of the decoder's values; "none" where there is no decoder.
        folder: Of the run.
        stopwatch: Measures the pass "input".
    """
    for example_set in example_sets:
        path = folder.inputs(example_set.name)
        provenance = {"values": example_set.digest, "likelihood": likelihood}
        if example_set.examples.ndim != 4 or is_current(path, provenance):
            continue
        with stopwatch.timed("input", len(example_set)):
            statistics = input_statistics(example_set.examples, likelihood)
        lines = {name: values[np.newaxis] for name, values in statistics.items()}
        write_scores(path, lines, example_set.ids, provenance)


def write_samples(scorer: Scorer | Sampler, checkpoints: Sequence[Path], folder: RunFolder) -> None:
    """Writes MEMBER/samples.npz, uint8 images, of each member; of a model that can draw any."""
    if not hasattr(scorer, "sample"):
        return
    for member, checkpoint in enumerate(checkpoints):
        scorer.load_state(read_checkpoint(checkpoint).arrays)
        images = as_bytes(scorer.sample(SAMPLES, seed=0))
        write_npz(folder.samples(member), {"images": images})


def write_latents(
    scorer: Scorer | Coder,
    checkpoint: Path,
    example_sets: Sequence[ExampleSet],
    folder: RunFolder,
) -> None:
    """Writes latents/DATASET.npz, codes of some images of each set, of a model that has any.

    Files that are up to date stay.

    Args:
        scorer: Becomes the member.
        checkpoint: Of the member whose codes they are.
        example_sets: Images.
        folder: Of the run.
    """
    if not hasattr(scorer, "mean_codes"):
        return
    scorer.load_state(read_checkpoint(checkpoint).arrays)
    member = file_digest(checkpoint)
    for example_set in example_sets:
        path = folder.latents(example_set.name)
        provenance = {"member": member, "values": example_set.digest}
        if is_current(path, provenance):
            continue
        shown = example_set.spread(CODES)
        codes = scorer.mean_codes(shown.examples)  # [example, latent]
        write_scores(path, {"posterior_mean": codes.T}, shown.ids, provenance)


def extreme_pictures(
    scorer: Scorer | Reconstructor, example_set: ExampleSet, scores: dict[str, np.ndarray]
) -> dict[str, Any]:
    """The most and least anomalous rows by WAIC of the headline score, and the first.

    Returns:
        For each of "most", "least" and "first": {group}_ids, {group}_images and, where the scorer
        makes them, {group}_reconstructions; images are uint8 [image, height, width, channel].
        "score": the score key.
    """
    key = headline_score(tuple(scores))
    order = np.argsort(anomaly_scores(key, scores[key])["waic"], kind="stable")
    groups = {
        "most": order[::-1][:EXTREME_PICTURES],
        "least": order[:EXTREME_PICTURES],
        "first": np.arange(min(FIRST_PICTURES, len(order))),
    }
    pictures = {"score": np.array(key)}
    for group, rows in groups.items():
        images = example_set.examples[rows]
        pictures[f"{group}_ids"] = example_set.ids[rows]
        pictures[f"{group}_images"] = as_bytes(images)
        if hasattr(scorer, "reconstruct"):
            pictures[f"{group}_reconstructions"] = as_bytes(scorer.reconstruct(images))
    return pictures


def as_bytes(images: np.ndarray) -> np.ndarray:
    """Images in [0, 1] as uint8."""
    return np.rint(255 * images).astype(np.uint8)
