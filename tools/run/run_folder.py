"""The run folder: where its files lie, its manifest, and its lock."""

import dataclasses
import fcntl
import json
import logging
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import metadata
from pathlib import Path
from typing import Any

from tools.errors import InputError
from tools.files.whole_files import parse_json, write_json
from tools.run.manifest_form import malformed_entry
from tools.run.options import member_settings, saved_value

CALIBRATION = "calibration"  # the set of the rows that are held out for thresholds
_LOG = logging.getLogger(__name__)
# Folders of a run: a number is a member's.
_PARTS = re.compile(
    r"scores|ensemble_scores|inputs|pictures|latents|history|analysis|\d+|background-[\d.e-]+",
    re.ASCII,
)
_PACKAGES = ("tensorflow", "keras", "tensorflow-probability", "numpy", "scikit-learn", "scipy")


class RunFolder:
    """Paths inside a model_dir, and its manifest."""

    def __init__(self, path: str | Path):
        """Takes the folder's path; it need not exist yet."""
        self.path = Path(path)
        self.manifest_path = self.path / "manifest.json"

    def member(self, index: int) -> Path:
        """Folder of one member: checkpoints, events, history."""
        return self.path / str(index)

    def background(self, rate: float) -> "RunFolder":
        """Folder of the members whose training images have this share of noisy pixels."""
        return RunFolder(self.path / f"background-{rate}")

    def history(self, step: int) -> "RunFolder":
        """Folder of the scores that the members had after this many steps."""
        return RunFolder(self.path / "history" / str(step))

    def scores(self, dataset: str) -> Path:
        """Score file of a data set."""
        return self.path / "scores" / _file_name(dataset)

    def ensemble_scores(self, source: str, dataset: str) -> Path:
        """Score file, of one line, of what gives one number per example; `source` says what."""
        return self.path / "ensemble_scores" / source / _file_name(dataset)

    def inputs(self, dataset: str) -> Path:
        """Properties of a data set's inputs, in the form of a score file of one line."""
        return self.path / "inputs" / _file_name(dataset)

    def latents(self, dataset: str) -> Path:
        """Posterior means of some examples, in the form of a score file of a line per number."""
        return self.path / "latents" / _file_name(dataset)

    def samples(self, member: int) -> Path:
        """Images that a member has generated, for the report."""
        return self.member(member) / "samples.npz"

    def pictures(self, dataset: str) -> Path:
        """Pictures of a data set for the report."""
        return self.path / "pictures" / _file_name(dataset)

    def manifest(self) -> dict[str, Any]:
        """The manifest's content; empty when there is none.

        Raises:
            InputError: It is no JSON object.
        """
        try:
            content = parse_json(self.manifest_path.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except NotADirectoryError as error:
            raise InputError(f"--model_dir={self.path} is a file; name a folder") from error
        except (OSError, ValueError) as error:
            raise InputError(
                f"{self.manifest_path} cannot be read ({error}); restore it, or use another folder"
            ) from error
        if not isinstance(content, dict) or not isinstance(content.get("settings"), dict):
            raise InputError(
                f"{self.manifest_path} is no manifest of a run; use another --model_dir"
            )
        if entry := malformed_entry(content):
            raise InputError(
                f"{self.manifest_path} is damaged: {entry} is nothing that a run writes; restore it"
            )
        return content

    def update_manifest(self, **entries: Any) -> None:
        """Replaces top-level entries of the manifest."""
        write_json(self.manifest_path, self.manifest() | entries)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Holds the folder against a second process for as long as this one lives.

        Raises:
            InputError: Another process holds it, it cannot be written, or a part of it is a link.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            file = open(self.path / ".lock", "a", opener=_open_no_link)  # noqa: SIM115  held open
        except OSError as error:
            raise InputError(f"--model_dir={self.path} cannot be written: {error}") from error
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise InputError(
                    f"--model_dir={self.path} is in use by another process; wait for it to end"
                ) from error
            except OSError as error:  # some shared file systems have no locks
                raise InputError(
                    f"--model_dir={self.path} cannot be locked ({error.strerror}); take a folder on"
                    " another file system"
                ) from error
            self._refuse_links()
            for unfinished in self.path.rglob(".*.partial"):  # of a process that was killed
                unfinished.unlink()
            yield

    def _refuse_links(self) -> None:
        """Raises InputError where writing would go by a link, perhaps a stranger's, elsewhere."""
        for path in self.path.rglob("*"):
            if path.is_symlink() and path.is_dir():
                raise InputError(
                    f"{path} is a link to another folder; put the folder itself in its place"
                )

    def is_held(self) -> bool:
        """Whether a process holds the folder now; it need not be writable."""
        try:
            with open(self.path / ".lock") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:  # there is none, or its file system has no locks: no process could hold it
            return False
        return False


def delete_run(folder: RunFolder) -> None:
    """Deletes what a run has written and nothing else; refuses a folder that holds no run.

    Raises:
        InputError: The folder is not empty and has no manifest, or that of something else.
    """
    if not folder.manifest():
        _refuse_foreign_folder(folder)
    for path in folder.path.iterdir():
        if path.is_dir() and _PARTS.fullmatch(path.name):
            path.unlink() if path.is_symlink() else shutil.rmtree(path)
    # Last: while it is there, an interrupted deletion can be gone on with.
    folder.manifest_path.unlink(missing_ok=True)


def settle_settings(folder: RunFolder, settings: Any, given: set[str]) -> Any:
    """The settings to go on with, given what the folder holds; nothing is written.

    With `skip_train` they are those of the saved run, but for the flags given by hand.

    Raises:
        InputError: Saved members have other settings, each named; `skip_train` without a run; or
            the folder's files are not a run's.
    """
    saved = folder.manifest().get("settings")
    if saved is None:
        _refuse_foreign_folder(folder)
        if settings.skip_train:
            raise InputError(
                f"--skip_train: --model_dir={folder.path} holds no run, so member 0 in "
                f"{folder.member(0)} is missing; train it first"
            )
        return settings
    if settings.delete_existing:
        return settings
    wanted = member_settings(settings)
    if settings.skip_train:
        wanted = {name: getattr(settings, name) for name in given & (wanted.keys() | {"preset"})}
    _refuse_differences(folder, wanted, saved)
    if not settings.skip_train:
        return settings
    kept = {
        field.name: saved_value(field, type(settings), saved[field.name])
        for field in dataclasses.fields(settings)
        if field.name in saved.keys() - given and not field.metadata["of_this_start"]
    }
    return dataclasses.replace(settings, **kept)


def open_run(folder: RunFolder, settings: Any, training_data: Mapping[str, str]) -> None:
    """Writes the manifest, first of all files of a run.

    Args:
        folder: Of the run.
        settings: All of them, resolved.
        training_data: Names and checksums; members of other data are not gone on with.

    Raises:
        InputError: The saved members were trained on other data.
    """
    saved = folder.manifest().get("training_data")
    if saved is not None:
        _refuse_differences(folder, training_data, saved)
    folder.update_manifest(
        status="started",
        settings=dataclasses.asdict(settings),
        seeds={"root": settings.seed},
        training_data=dict(training_data),
        versions=package_versions(),
        git_commit=git_commit(),
    )


@contextmanager
def timed(folder: RunFolder, part: str) -> Iterator[None]:
    """Writes the seconds that a part took into the manifest, and the part as its status."""
    folder.update_manifest(status=part)
    started = time.perf_counter()
    yield
    seconds = round(time.perf_counter() - started, 1)
    folder.update_manifest(timings=folder.manifest().get("timings", {}) | {part: seconds})
    _LOG.info("%s took %.1f s", part, seconds)


def record_costs(folder: RunFolder, seconds: Mapping[str, float]) -> None:
    """Writes what passes over the data cost into the manifest, beside the costs of other passes.

    Args:
        folder: Of the run.
        seconds: Per 1,000 examples and for all members, by the name of the pass.
    """
    costs = {name: round(cost, 3) for name, cost in seconds.items()}
    folder.update_manifest(costs=folder.manifest().get("costs", {}) | costs)


def _refuse_differences(
    folder: RunFolder, wanted: Mapping[str, Any], saved: Mapping[str, Any]
) -> None:
    """Raises InputError that names each setting in which saved members differ from those wanted."""
    differences = [
        f"{name} is {json.dumps(saved.get(name))} there, {json.dumps(value)} here"
        for name, value in sorted(wanted.items())
        if json.dumps(saved.get(name)) != json.dumps(value)
    ]
    if differences:
        raise InputError(
            f"--model_dir={folder.path} holds members of other settings: {'; '.join(differences)}."
            " Give the same flags, another --model_dir, or --delete_existing"
        )


def package_versions() -> dict[str, str]:
    """Versions of the packages that numbers depend on; a vendor's build goes by another name."""
    versions = {}
    for name in _PACKAGES:
        with suppress(metadata.PackageNotFoundError):
            versions[name] = metadata.version(name)
    return versions


def git_commit() -> str | None:
    """The checkout's commit, marked "+" when files differ from it; None outside a checkout."""
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():  # an installed copy, perhaps inside somebody's own checkout
        return None
    command = ["git", "-C", str(root), "describe", "--always", "--exclude=*", "--abbrev=40"]
    command += ["--dirty=+"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return result.stdout.strip()


def _refuse_foreign_folder(folder: RunFolder) -> None:
    if not folder.path.exists():
        return
    foreign = [path for path in folder.path.iterdir() if not _is_passing(path)]
    if foreign and not folder.manifest_path.exists():
        raise InputError(
            f"--model_dir={folder.path} has files but no manifest.json, so it is no run; "
            "nothing was touched, use another folder"
        )


def _open_no_link(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW)


def _file_name(dataset: str) -> str:
    """Of a data set's .npz; the set may be a stranger's, and its file stays in the folder."""
    if not isinstance(dataset, str) or dataset != re.sub(r"[/\\\0]", "", dataset):
        raise InputError(f"{dataset!r} is no name of a data set: it would leave its folder")
    return f"{dataset}.npz"


def _is_passing(path: Path) -> bool:
    """Whether it is the lock, or what a killed process left of a file that it was writing."""
    return path.name == ".lock" or path.match(".*.partial")
