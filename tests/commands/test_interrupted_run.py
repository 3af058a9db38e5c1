"""Killed, or out of disk, at any change to a file: what is whole stays, and the end is the same.

The changes are those of a run of two members and two scored sets, with a model of three numbers. A
killed process leaves a half-written file behind and cleans nothing up; one whose disk is full does.
"""

import dataclasses
import errno
import os
import signal
from pathlib import Path

import numpy as np
import pytest

from fake_model import FakeModel, fake_runner, made_up_set
from tools.errors import InputError
from tools.files.whole_files import read_npz
from tools.run.checkpoints import newest_checkpoint
from tools.run.options import option
from tools.run.resuming import open_run
from tools.run.run_folder import RunFolder
from tools.run.termination import Terminated, terminable
from tools.run.timings import timed
from tools.run.training_history import read_history
from vae_wgan.ensemble.members import trained_members
from vae_wgan.ensemble.training_loop import train_ensemble
from vae_wgan.ensemble.training_plan import TrainingPlan
from vae_wgan.run.score_sets import score_datasets

TRAINING = made_up_set("train", 10)
TESTED = [made_up_set("digits", 30), made_up_set("noise", 20, first_id=50)]
PLAN = TrainingPlan(seed=3, max_steps=6, save_every=4)


@dataclasses.dataclass(frozen=True)
class Settings:
    seed: int = option(3, "Root seed.", shapes_members=True)
    compile: bool = option(False, "Compiles.")
    scoring_samples = 1


class Killed(BaseException):
    """SIGKILL: nothing of the process runs any more."""


class Disk:
    """Counts the changes to files, and stops at one of them: before it, or after it."""

    def __init__(self, patch, folder):
        self.changes = 0
        self.stop_at = None
        self.is_full = False  # else the process is killed
        self._folder = folder
        self._random = np.random.default_rng(0)
        for owner, name in ((os, "fsync"), (os, "replace"), (Path, "unlink")):
            patch.setattr(owner, name, self._counted(getattr(owner, name)))

    def _counted(self, change):
        def counted(*arguments, **named):
            self.changes += 1
            if self.stop_at is not None and self.changes >= self.stop_at:
                self._stop()
            return change(*arguments, **named)

        return counted

    def _stop(self):
        if self.is_full and self.changes > self.stop_at:
            return  # so that what is half-written can be deleted
        if self.is_full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        for partial in self._folder.rglob(".*.partial"):  # what had not reached the disk
            os.truncate(partial, self._random.integers(partial.stat().st_size + 1))
        raise Killed


def start(path, scorer=None):
    """One start of the command, in small."""
    folder = RunFolder(path)
    with folder.locked():
        open_run(folder, Settings(), {"train_dataset": "made up"})
        with timed(folder, "training"):
            train_ensemble(FakeModel(), TRAINING.examples, PLAN, folder=folder, num_models=2)
        model = scorer or FakeModel()
        members = trained_members(model, folder, num_models=2, max_steps=PLAN.max_steps)
        with timed(folder, "scoring"):
            score_datasets(fake_runner(model).scores, members, TESTED, Settings(), folder)
        folder.update_manifest(status="finished")


def assert_whole(path):
    """Every file under its own name can be read."""
    RunFolder(path).find_manifest()
    for file in path.rglob("[!.]*.npz"):
        read_npz(file)
    for member in "01":
        read_history(path / member / "history.jsonl")
        newest_checkpoint(path / member)


def outcome(path):
    assert not list(path.rglob(".*.partial"))
    assert RunFolder(path).manifest().status == "finished"
    return {file.relative_to(path).as_posix(): file.read_bytes() for file in path.rglob("*.npz")}


@pytest.fixture(autouse=True)
def quickly(monkeypatch):
    """Without what takes most of the time of so small a run: git, the disk, TensorBoard."""
    monkeypatch.setattr("tools.run.resuming.git_commit", lambda: None)
    monkeypatch.setattr(os, "fsync", lambda file: None)
    monkeypatch.setattr(FakeModel, "pictures", lambda self: {})
    monkeypatch.setattr("tensorflow.summary.scalar", lambda name, value: None)


@pytest.fixture
def undisturbed(tmp_path):
    start(tmp_path / "undisturbed")
    return outcome(tmp_path / "undisturbed")


@pytest.mark.parametrize("is_full", [False, True], ids=["killed", "disk full"])
def test_a_stop_at_any_change_to_a_file_changes_no_byte(
    is_full, undisturbed, tmp_path, monkeypatch
):
    stop_at = 1
    while True:
        path = tmp_path / str(stop_at)
        with monkeypatch.context() as patch:
            disk = Disk(patch, path)
            disk.stop_at, disk.is_full = stop_at, is_full
            try:
                start(path)
            except (Killed, OSError, InputError):
                pass
            else:
                if disk.changes < stop_at:
                    break
        if path.exists():
            assert_whole(path)
        start(path)
        assert outcome(path) == undisturbed, stop_at
        stop_at += 3 if is_full else 1
    assert stop_at > 50  # the changes are that many


def test_a_run_that_is_stopped_at_every_start_comes_to_the_same_end(
    undisturbed, tmp_path, monkeypatch
):
    random = np.random.default_rng(1)
    path, starts = tmp_path / "run", 0
    while True:
        starts += 1
        with monkeypatch.context() as patch:
            disk = Disk(patch, path)
            disk.stop_at = int(random.integers(8, 40))
            try:
                start(path)
            except Killed:
                continue
        break
    assert starts > 3
    assert outcome(path) == undisturbed


def test_sigterm_while_scoring_keeps_the_sets_that_are_scored(undisturbed, tmp_path):
    calls = []

    class TerminatedInTheSecondSet(FakeModel):
        def score(self, examples, ids, seed):
            calls.append(len(ids))
            if len(calls) == 3:
                os.kill(os.getpid(), signal.SIGTERM)
            return super().score(examples, ids, seed)

    path = tmp_path / "run"
    with terminable(), pytest.raises(Terminated):
        start(path, TerminatedInTheSecondSet())
    assert [file.name for file in (path / "scores").iterdir()] == ["digits.npz"]
    start(path)
    assert outcome(path) == undisturbed
