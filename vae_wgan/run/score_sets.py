"""Scores the sets of a run with all members; writes score files, input properties and pictures."""

import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

import numpy as np

from tools.data.example_set import ExampleSet
from tools.errors import InputError
from tools.files.whole_files import write_npz
from tools.run.run_folder import CALIBRATION, RunFolder
from tools.run.stopwatch import Stopwatch
from tools.scores.ensemble_statistics import anomaly_scores, headline_score
from tools.scores.input_statistics import PROVENANCE, input_statistics
from tools.scores.score_files import ScoreFile, is_current, read_scores, write_scores
from vae_wgan.ensemble.member import Member
from vae_wgan.ensemble.members import TrainedMember
from vae_wgan.settings.any_settings import AnySettings

_LOG = logging.getLogger(__name__)
EXTREME_PICTURES, FIRST_PICTURES, SAMPLES = 16, 8, 64
CODES = 500  # latent codes per set, as many as a plot can show


# Maps (members, example sets, root seed) to each set with its quantities [member, example].
Scoring = Callable[
    [Sequence[TrainedMember], Sequence[ExampleSet], int],
    Iterable[tuple[ExampleSet, dict[str, np.ndarray]]],
]


def score_datasets(
    scores_of: Scoring,
    members: Sequence[TrainedMember],
    example_sets: Sequence[ExampleSet],
    settings: AnySettings,
    folder: RunFolder,
    needed: Collection[str] = (),
    *,
    pictures: bool = True,
) -> None:
    """Writes scores/DATASET.npz and, for images, pictures/DATASET.npz.

    Files that are up to date and hold the needed quantities stay.

    Args:
        scores_of: Function that scores with all members, such as `Runner.scores`.
        members: The members; pictures show the first one's reconstructions.
        example_sets: Sets to score.
        settings: Settings of the run.
        folder: The run folder.
        needed: Names of quantities; a name that ends in a dot stands for all with this prefix.
        pictures: Whether to write pictures for sets of images.
    """
    of_all = scoring_provenance([member.digest for member in members], settings)
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
    for example_set, scores in scores_of(members, stale, settings.seed):
        _LOG.info("%s: %d examples are scored", example_set.name, len(example_set))
        folder.pictures(example_set.name).unlink(missing_ok=True)
        path = folder.scores(example_set.name)
        write_scores(path, scores, example_set.ids, provenances[example_set.name])
        if pictures and example_set.examples.ndim == 4:
            extremes = extreme_pictures(members[0].member, example_set, scores)
            write_npz(folder.pictures(example_set.name), extremes)


def scoring_provenance(digests: Sequence[str], settings: AnySettings) -> dict[str, Any]:
    """All that scores depend on besides the examples; `digests` are those of the checkpoints."""
    return {
        "members": [*digests],
        "n_samples": settings.scoring_samples,
        "seed": settings.seed,
        "compile": settings.compile,
    }


def read_calibration(folder: RunFolder, digests: Sequence[str], settings: AnySettings) -> ScoreFile:
    """The scores of a run's calibration split.

    Raises:
        InputError: The scores are missing, or were made with other members or settings.
    """
    path = folder.scores(CALIBRATION)
    file, wanted = read_scores(path), scoring_provenance(digests, settings)
    if differing := [key for key in wanted if file.provenance.get(key) != wanted[key]]:
        raise InputError(
            f"{path} was made with other {', '.join(differing)}; run with --skip_train=True and the"
            " same flags, but without --score_file, first"
        )
    return file


def write_input_statistics(
    example_sets: Sequence[ExampleSet], likelihood: str, folder: RunFolder, stopwatch: Stopwatch
) -> None:
    """Writes inputs/DATASET.npz, the values of `input_statistics`, for sets of images.

    Files that are up to date stay.

    Args:
        example_sets: Sets of images; sets of table rows are skipped.
        likelihood: Name of the pixel likelihood p(x|z); "none": there is no decoder of images.
        folder: The run folder.
        stopwatch: Stopwatch that measures the pass "input".
    """
    for example_set in example_sets:
        path = folder.inputs(example_set.name)
        provenance = {**PROVENANCE, "values": example_set.digest, "likelihood": likelihood}
        if example_set.examples.ndim != 4 or is_current(path, provenance):
            continue
        with stopwatch.timed("input", len(example_set)):
            statistics = input_statistics(example_set.examples, likelihood)
        lines = {name: values[np.newaxis] for name, values in statistics.items()}
        write_scores(path, lines, example_set.ids, provenance)


def write_samples(members: Sequence[TrainedMember], folder: RunFolder) -> None:
    """Writes MEMBER/samples.npz, generated images as uint8, for each member that is a generator."""
    for member, path, _ in members:
        images = member.samples(SAMPLES, seed=0)
        if images is not None:
            write_npz(folder.samples(int(path.parent.name)), {"images": as_bytes(images)})


def write_latents(
    member: TrainedMember, example_sets: Sequence[ExampleSet], folder: RunFolder
) -> None:
    """Writes latents/DATASET.npz, a member's latent codes of some images per set, if it has codes.

    Files that are up to date stay.
    """
    for example_set in example_sets:
        path = folder.latents(example_set.name)
        provenance = {"member": member.digest, "values": example_set.digest}
        if is_current(path, provenance):
            continue
        shown = example_set.spread(CODES)
        codes = member.member.codes(shown.examples)  # [example, latent]
        if codes is not None:
            write_scores(path, {"posterior_mean": codes.T}, shown.ids, provenance)


def extreme_pictures(
    member: Member, example_set: ExampleSet, scores: dict[str, np.ndarray]
) -> dict[str, Any]:
    """The most and least anomalous images by WAIC of the headline score, and the first images.

    Returns:
        For each group "most", "least" and "first": {group}_ids, {group}_images and, if the member
        reconstructs, {group}_reconstructions; images are uint8 [image, height, width, channel].
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
        reconstructions = member.reconstructions(images)
        if reconstructions is not None:
            pictures[f"{group}_reconstructions"] = as_bytes(reconstructions)
    return pictures


def as_bytes(images: np.ndarray) -> np.ndarray:
    """Images in [0, 1] as uint8."""
    return np.rint(255 * images).astype(np.uint8)
