"""Decides by the manifest which run may start, resume or be deleted in a run folder."""

import dataclasses
import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar

from tools.errors import InputError
from tools.run.options import OptionFields, member_settings, saved_value
from tools.run.run_folder import RunFolder
from tools.run.software_versions import git_commit, package_versions

# Folders and files that a run writes, but for the manifest; a number is a member's folder.
_PARTS = re.compile(
    r"features|scores|ensemble_scores|inputs|examples|pictures|latents|history|analysis|maps"
    r"|pixels|\d+|background-[\d.e-]+",
    re.ASCII,
)
_FILES = ("places.npz", "simple.npz")
DECODED = "training_images"  # folder of decoded pictures, which serve any run on the same pictures


class StartSettings(OptionFields, Protocol):
    """Settings with at least these fields."""

    @property
    def seed(self) -> int:
        """Root seed."""

    @property
    def skip_train(self) -> bool:
        """Whether the members of the folder are used as they are."""

    @property
    def delete_existing(self) -> bool:
        """Whether an earlier run in the folder is deleted first."""


Settings = TypeVar("Settings", bound=StartSettings)


def settle_settings(run_folder: RunFolder, settings: Settings, given: set[str]) -> Settings:
    """The settings of a run in this folder, checked against a saved run; writes nothing.

    With `skip_train` they are the settings of the saved run, except for flags given by hand.

    Args:
        run_folder: Where the run is, or will be.
        settings: The settings that were asked for.
        given: Names of the flags that were given by hand.

    Raises:
        InputError: Saved members have other settings, each named; `skip_train` without a run; or
            the folder's files are not a run's.
    """
    manifest = run_folder.find_manifest()
    if manifest is None:
        _refuse_foreign_folder(run_folder)
        if settings.skip_train:
            raise InputError(
                f"--skip_train: --model_dir={run_folder.path} holds no run, so member 0 in "
                f"{run_folder.member(0)} is missing; train it first"
            )
        return settings
    if settings.delete_existing:
        return settings
    saved = manifest.settings
    settings = _completed(settings, saved)
    wanted = member_settings(settings)
    if settings.skip_train:
        wanted = {name: getattr(settings, name) for name in given & (wanted.keys() | {"preset"})}
    _refuse_differences(run_folder, wanted, saved)
    if not settings.skip_train:
        return settings
    kept = {
        field.name: saved_value(field, type(settings), saved[field.name])
        for field in dataclasses.fields(settings)
        if field.name in saved.keys() - given and not field.metadata["of_this_start"]
    }
    return dataclasses.replace(settings, **kept)


def _completed(settings: Settings, saved: Mapping[str, Any]) -> Settings:
    """The settings with those that were left empty as the saved run has chosen them."""
    empty = {name for name, value in member_settings(settings).items() if value is None}
    empty |= {name for name, value in vars(settings).items() if value == "auto"}
    chosen = {
        field.name: saved_value(field, type(settings), saved[field.name])
        for field in dataclasses.fields(settings)
        if field.name in empty & saved.keys()
    }
    return dataclasses.replace(settings, **chosen)


def open_run(
    run_folder: RunFolder, settings: StartSettings, training_data: Mapping[str, str]
) -> None:
    """Writes the manifest, the first file of a run.

    Args:
        run_folder: Where the run is.
        settings: All settings, resolved.
        training_data: Names and checksums; members trained on other data are refused.

    Raises:
        InputError: The saved members were trained on other data.
    """
    manifest = run_folder.find_manifest()
    if manifest and manifest.training_data:
        _refuse_differences(run_folder, training_data, manifest.training_data)
    run_folder.update_manifest(
        status="started",
        settings=dataclasses.asdict(settings),
        seeds={"root": settings.seed},
        training_data=dict(training_data),
        versions=package_versions(),
        git_commit=git_commit(),
    )


def delete_run(run_folder: RunFolder) -> None:
    """Deletes what a run has written and nothing else; refuses a folder that holds no run.

    Raises:
        InputError: The folder is not empty and has no manifest, or one of something else.
    """
    if run_folder.find_manifest() is None:
        _refuse_foreign_folder(run_folder)
    for path in run_folder.path.iterdir():
        if path.is_dir() and _PARTS.fullmatch(path.name):
            path.unlink() if path.is_symlink() else shutil.rmtree(path)
        elif path.name in _FILES:
            path.unlink()
    # Last: while it is there, an interrupted deletion can be repeated.
    run_folder.manifest_path.unlink(missing_ok=True)


def _refuse_differences(
    run_folder: RunFolder, wanted: Mapping[str, Any], saved: Mapping[str, Any]
) -> None:
    """Raises InputError that names each setting in which saved members differ from those wanted."""
    differences = [
        f"{name} is {json.dumps(saved.get(name))} there, {json.dumps(value)} here"
        for name, value in sorted(wanted.items())
        if json.dumps(saved.get(name)) != json.dumps(value)
    ]
    if differences:
        raise InputError(
            f"--model_dir={run_folder.path} holds members of other settings:"
            f" {'; '.join(differences)}."
            " Give the same flags, another --model_dir, or --delete_existing"
        )


def _refuse_foreign_folder(run_folder: RunFolder) -> None:
    """Raises InputError where the folder has files but no manifest."""
    if not run_folder.path.exists():
        return
    foreign = [path for path in run_folder.path.iterdir() if not _is_passing(path)]
    if foreign and not run_folder.manifest_path.exists():
        raise InputError(
            f"--model_dir={run_folder.path} has files but no manifest.json, so it is no run; "
            "nothing was touched, use another folder"
        )


def _is_passing(path: Path) -> bool:
    """Whether the file is the lock, decoded pictures, or an unfinished file of a killed process."""
    return path.name in (".lock", DECODED) or path.match(".*.partial")
