"""Reads and checks the files of a finished run: manifest, scores, pictures, history."""

import glob
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from tools.errors import InputError
from tools.run.manifest import Alteration, Manifest
from tools.run.member_faults import working_members
from tools.run.run_folder import CALIBRATION, RunFolder
from tools.run.training_history import NO_QUANTITIES, read_history
from tools.scores.conformal import Scorer, cross_fitted_scores
from tools.scores.metrics import refuse_unusable
from tools.scores.score_files import (
    REMEDY,
    OnDemand,
    ScoreFile,
    open_scores,
    read_arrays,
    read_scores,
)
from tools.scores.score_registry import (
    fit_score,
    quantities_of,
    unmet_needs,
)

PICTURE_GROUPS = ("most", "least", "first")
PICTURE_ARRAYS = ("ids", "images")
LARGEST_SIDE = 1024  # pixels of a picture


@dataclass(frozen=True)
class FinishedRun:
    """A run's manifest and scores; rows and members are aligned in all of them.

    Attributes:
        folder: The run's folder.
        manifest: Content of manifest.json.
        in_distribution: Name of the in-distribution test set.
        out_of_distribution: Names of the scored OoD sets, in the order of the tables.
        missing: {name of an OoD set that could not be had: reason}.
        scores: {name: scores} of the sets above, of the calibration split, and of the altered sets.
        altered: {name of a set of corrupted or perturbed test images: how it was made}.
        inputs: {name: properties of the inputs, of one line} of the same sets, where they are.
        peer_scores: Scores of other detectors, one per example, higher = more anomalous:
            {source: {name of a test or altered set: scores [1, example]}}. A source such as a
            detector with a split of its own may have other rows of the sets.
        left_out: Why a detector or member has no part in the results, by its name.
    """

    folder: RunFolder
    manifest: Manifest
    in_distribution: str
    out_of_distribution: tuple[str, ...]
    missing: Mapping[str, str]
    scores: Mapping[str, ScoreFile]
    altered: Mapping[str, Alteration] = field(default_factory=dict)
    inputs: Mapping[str, ScoreFile] = field(default_factory=dict)
    peer_scores: Mapping[str, Mapping[str, ScoreFile]] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    _fitted: dict[str, Scorer] = field(default_factory=dict, init=False, repr=False, compare=False)
    _cross_fitted: dict[str, np.ndarray] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def n_members(self) -> int:
        """Number of members."""
        return self.scores[self.in_distribution].n_members

    @property
    def member_numbers(self) -> tuple[int, ...]:
        """Numbers of the members; those that are left out of the ensemble are missing."""
        most = max(self.n_members, self.manifest.known_settings.num_models)
        return tuple(working_members(self.folder, most)[: self.n_members])

    @property
    def score_keys(self) -> tuple[str, ...]:
        """The score keys that all score files hold, sorted."""
        return tuple(sorted(set.intersection(*(set(f.scores) for f in self.scores.values()))))

    def quantities(self, dataset: str) -> Mapping[str, np.ndarray]:
        """All quantities of a set, float64: [member, example], [1, example] those of the inputs."""
        files = (self.scores[dataset], self.inputs.get(dataset))
        holders = {name: file.scores for file in files if file for name in file.scores}
        return OnDemand(holders, lambda name: holders[name][name].astype(np.float64))

    def fitted_score(self, key: str) -> Scorer:
        """A score fitted to the calibration split; the fit is made once, for all sets."""
        if key not in self._fitted:
            calibration = quantities_of([key], self.quantities(CALIBRATION))
            self._fitted[key] = fit_score(key, calibration)
        return self._fitted[key]

    def calibration_scores(self, key: str) -> np.ndarray:
        """A fitted score of the calibration split, cross-fitted once: [example]."""
        if key not in self._cross_fitted:
            calibration = quantities_of([key], self.quantities(CALIBRATION))
            self._cross_fitted[key] = cross_fitted_scores(
                partial(fit_score, key), calibration, seed=self.manifest.settings.get("seed", 0)
            )
        return self._cross_fitted[key]

    @property
    def anomalies(self) -> tuple[str, ...]:
        """The OoD sets that are anomalies of the run's own data, by their labels."""
        labelled = self.manifest.anomalies
        return tuple(name for name in self.out_of_distribution if name in labelled)

    @property
    def test_sets(self) -> tuple[str, ...]:
        """The in-distribution test set, then the OoD sets."""
        return (self.in_distribution, *self.out_of_distribution)


def read_run(folder: RunFolder, score_keys: Sequence[str]) -> FinishedRun:
    """Reads the manifest and all score files.

    Args:
        folder: The run's folder.
        score_keys: The scores that will be used.

    Raises:
        InputError: A file is missing, damaged, or does not fit to the others; a score key is in
            none of the files.
    """
    manifest = read_manifest(folder)
    datasets, ood = manifest.datasets, manifest.datasets.available
    if not ood and datasets.missing:
        raise InputError(f"{folder.path} has no scored OoD set; choose one with --ood_datasets")
    inside, altered = datasets.in_distribution, datasets.alterations
    names = (inside, CALIBRATION, *ood, *altered)
    scores = {name: open_scores(folder.scores(name)) for name in names}
    inputs = {
        name: read_scores(folder.inputs(name)) for name in names if folder.inputs(name).exists()
    }
    peers = _read_peer_scores(folder, inside, (*ood, *altered), manifest.peers)
    unusable = {name: fault for name, files in peers.items() if (fault := _fault_of_peer(files))}
    usable = {name: files for name, files in peers.items() if name not in unusable}
    run = FinishedRun(
        folder,
        manifest,
        inside,
        ood,
        datasets.missing,
        scores,
        altered,
        inputs,
        usable,
        {**manifest.left_out, **unusable},
    )
    _check_attacks(run)
    _check_members(run)
    _check_examples(run)
    _check_needs(run, score_keys)
    return run


def read_manifest(folder: RunFolder) -> Manifest:
    """The manifest of a run that has been scored.

    Raises:
        InputError: It is missing, damaged, or names no data sets.
    """
    manifest = folder.manifest()
    if not manifest.datasets.in_distribution:
        raise InputError(f"{folder.manifest_path} names no data sets; start its run again")
    return manifest


def read_pictures(run: FinishedRun, dataset: str) -> dict[str, np.ndarray] | None:
    """The extreme and the first rows of a set, with member 0's reconstructions if it makes any.

    Returns:
        {"most_images": uint8 [image, height, width, channel], "most_ids": ..., ...} for the groups
        and arrays above, perhaps "most_reconstructions", ..., and the "score" that chose them;
        None: the run saved no pictures of this set.

    Raises:
        InputError: The file is damaged, or shows rows that were not scored.
    """
    path = run.folder.pictures(dataset)
    if not path.exists():
        return None
    pictures = read_arrays(path)
    names = {f"{group}_{array}" for group in PICTURE_GROUPS for array in PICTURE_ARRAYS}
    if not names <= pictures.keys():
        raise InputError(f"{path} lacks {min(names - pictures.keys())}; {REMEDY}")
    for name, array in pictures.items():
        images = f"{name.partition('_')[0]}_images"
        if name.endswith(("_images", "_reconstructions")):
            _check_pictures(path, array)
        if name.endswith(("_ids", "_reconstructions")) and (
            images not in pictures or array.shape[:1] != pictures[images].shape[:1]
        ):
            raise InputError(f"{path}: {name} are not as many as {images}; {REMEDY}")
    shown = np.concatenate([pictures[f"{group}_ids"] for group in PICTURE_GROUPS])
    if not np.isin(shown, run.scores[dataset].ids).all():
        raise InputError(f"{path} shows rows that have no scores; {REMEDY}")
    return pictures


def read_maps(run: FinishedRun, dataset: str) -> dict[str, np.ndarray] | None:
    """The most anomalous images of a set with maps of where they are strange; None: has no file.

    Returns:
        "ids" [image], "images" uint8 [image, height, width, channel], "maps" float [image, height,
        width].

    Raises:
        InputError: The file is damaged, or shows rows that were not scored.
    """
    path = run.folder.strange_places(dataset)
    if not path.exists():
        return None
    arrays = read_arrays(path)
    if not {"ids", "images", "maps"} <= arrays.keys():
        raise InputError(f"{path} lacks ids, images or maps; {REMEDY}")
    _check_pictures(path, arrays["images"])
    if arrays["maps"].shape != arrays["images"].shape[:3] or not np.isfinite(arrays["maps"]).all():
        raise InputError(f"{path}: there is not one finite map for each image; {REMEDY}")
    if (
        len(arrays["ids"]) != len(arrays["images"])
        or not np.isin(arrays["ids"], run.scores[dataset].ids).all()
    ):
        raise InputError(f"{path} shows rows that have no scores; {REMEDY}")
    return arrays


def read_samples(run: FinishedRun) -> dict[int, np.ndarray]:
    """Images that members have generated, uint8 [image, height, width, channel], by member.

    Raises:
        InputError: A file is damaged.
    """
    paths = {member: run.folder.samples(member) for member in run.member_numbers}
    samples = {}
    for member, path in paths.items():
        if path.exists():
            samples[member] = read_arrays(path).get("images", np.empty(0))
            _check_pictures(path, samples[member])
    return samples


def read_histories(run: FinishedRun) -> dict[int, list[dict[str, float]]]:
    """The training records, oldest first, by member; of those whose records have quantities."""
    paths = {index: run.folder.member(index) / "history.jsonl" for index in run.member_numbers}
    histories = {index: read_history(path) for index, path in paths.items()}
    return {
        index: records
        for index, records in histories.items()
        if records and records[0].keys() - NO_QUANTITIES
    }


def _check_pictures(path: Path, images: np.ndarray) -> None:
    is_sound = images.dtype == np.uint8 and images.ndim == 4 and images.shape[3] in (1, 3)
    # Larger ones than any data set's would take much memory on the page.
    if not is_sound or min(images.shape) == 0 or max(images.shape) > LARGEST_SIDE:
        raise InputError(f"{path} holds what are no images of bytes; {REMEDY}")


def _read_peer_scores(
    folder: RunFolder, inside: str, others: Sequence[str], peers: Collection[str] | None
) -> dict[str, dict[str, ScoreFile]]:
    """The scores of other detectors, by source and set; a source needs the in-distribution set.

    Args:
        folder: Folder of the run.
        inside: That set.
        others: The other sets.
        peers: The sources that are the run's own, and not an earlier one's; None: all.
    """
    found: dict[str, dict[str, ScoreFile]] = {}
    for path in sorted((folder.path / "ensemble_scores").glob(f"*/{glob.escape(inside)}.npz")):
        source = path.parent.name
        if peers is not None and source not in peers:
            continue
        paths = {name: folder.peer_scores(source, name) for name in (inside, *others)}
        found[source] = {name: read_scores(path) for name, path in paths.items() if path.exists()}
    return found


def _fault_of_peer(files: Mapping[str, ScoreFile]) -> str:
    """Why a detector's scores are unusable; empty: they are usable."""
    try:
        for name, file in files.items():
            for key, values in file.scores.items():
                refuse_unusable(values, f"{key} of {name}")
    except InputError as error:
        return str(error)
    return ""


def _check_attacks(run: FinishedRun) -> None:
    attacked = run.manifest.adversarial
    if not {*attacked, *attacked.values()} <= {*run.test_sets}:
        raise InputError(
            f"{run.folder.manifest_path} is damaged: adversarial names sets that are not scored;"
            " run with --skip_train=True"
        )


def _check_members(run: FinishedRun) -> None:
    for name, file in run.scores.items():
        if file.n_members != run.n_members:
            raise InputError(
                f"{run.folder.scores(name)} has {file.n_members} members and"
                f" {run.in_distribution} has {run.n_members}; run with --skip_train=True"
            )


def _check_examples(run: FinishedRun) -> None:
    for name, file in run.inputs.items():
        if not np.array_equal(file.ids, run.scores[name].ids):
            raise InputError(
                f"{run.folder.inputs(name)} has other rows than {run.folder.scores(name)}; {REMEDY}"
            )


def _check_needs(run: FinishedRun, score_keys: Sequence[str]) -> None:
    """Raises InputError if some set lacks a quantity that a score is computed from."""
    names = set.intersection(*(set(run.quantities(name)) for name in run.scores))
    for key in score_keys:
        lacking = unmet_needs(key, names)
        if lacking == [key]:
            raise InputError(
                f"--score_keys: the score files of {run.folder.path} have no {key!r};"
                f" they hold: {', '.join(run.score_keys)}"
            )
        if lacking:
            raise InputError(
                f"--score_keys={key} needs {', '.join(lacking)}, which the files of"
                f" {run.folder.path} lack; run with --skip_train=True --score_keys={key}"
            )
