"""What --status says, from the files alone."""

import re
import shutil

import pytest

from input_errors import message_of
from lock_holder import process_that_holds
from run_folder_fixture import write_run
from tools.run.checkpoints import save_checkpoint
from tools.run.status import run_status, time_left


@pytest.fixture
def folder(tmp_path):
    """A run of three members and 30 steps: one finished, one stopped at 10, one not begun."""
    folder = write_run(tmp_path / "run")
    settings = folder.manifest().settings | {"num_models": 3, "max_steps": 20, "extra_steps": 10}
    folder.update_manifest(settings=settings, status="training")
    for member, step in ((0, 30), (1, 10)):
        save_checkpoint(folder.member(member), step, {})
    for name in ("far", "calibration"):
        folder.scores(name).unlink()
    return folder


def test_each_member_and_set_is_told(folder):
    lines = run_status(folder.path).splitlines()
    assert lines[0] == f"{folder.path}: stopped at: training; the same command goes on"
    words = "distortion 150.00, elbo -170.00, iwae -165.00, rate 20.00, 9.5 steps/s"
    assert lines[1] == f"  member 0: finished, step 30 of 30, {words}"
    assert lines[2] == f"  member 1: unfinished, step 10 of 30, {words}, 0:00:02 left"
    assert lines[3] == "  member 2: no checkpoint yet"
    assert lines[4] == "  scored: digits, near"
    assert lines[5] == "  not scored: calibration, far"
    assert lines[6].startswith("  training: 12.5 s")
    assert len(lines) == 7


def test_a_process_at_work_is_seen_and_not_disturbed(folder):
    with process_that_holds(folder.path):
        assert "training; a process is at work" in run_status(folder.path)
        assert "training; a process is at work" in run_status(folder.path)
    assert "stopped at" in run_status(folder.path)


def test_nothing_is_written(folder):
    before = {path: path.stat().st_mtime_ns for path in folder.path.rglob("*")}
    run_status(folder.path)
    assert {path: path.stat().st_mtime_ns for path in folder.path.rglob("*")} == before


def test_splits_and_background_ensembles_are_told_too(folder, tmp_path):
    save_checkpoint(folder.background(0.2).member(0), 30, {})
    for split in ("split-0", "split-10", "split-2"):
        shutil.copytree(folder.path, tmp_path / "splits" / split)
    text = run_status(tmp_path / "splits")
    assert [line.split(":")[0] for line in text.splitlines() if not line.startswith(" ")] == [
        str(tmp_path / "splits" / split) for split in ("split-0", "split-2", "split-10")
    ]
    assert text.count("background-0.2/0: finished, step 30 of 30\n") == 3


def test_a_folder_without_a_run_is_named(tmp_path):
    assert f"--model_dir={tmp_path} holds no run" in message_of(run_status, tmp_path)


def test_time_is_told_in_hours():
    assert time_left(36_000, 2.5) == "4:00:00"
    assert re.fullmatch(r"1 day, 0:00:0\d", time_left(86_400, 1))
