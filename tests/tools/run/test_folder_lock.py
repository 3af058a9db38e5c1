"""One process at a time works in a run folder."""

import errno
import os

import pytest

from input_errors import message_of
from lock_holder import process_that_holds
from tools.run.folder_lock import folder_is_held, folder_locked
from tools.run.run_folder import RunFolder


@pytest.fixture
def folder(tmp_path):
    """An empty model_dir."""
    (tmp_path / "run").mkdir()
    return RunFolder(tmp_path / "run")


def names_in(folder):
    return {path.name for path in folder.path.iterdir()}


def enter(folder):
    with folder_locked(folder.path):
        pass


def test_a_folder_is_held_until_its_process_dies(folder):
    with process_that_holds(folder.path) as process:
        assert f"--model_dir={folder.path} is in use" in message_of(enter, folder)
        process.kill()
    enter(folder)
    enter(folder)


def test_a_folder_is_made_where_it_can_be(tmp_path):
    enter(RunFolder(tmp_path / "runs" / "first"))
    assert names_in(RunFolder(tmp_path / "runs" / "first")) == {".lock"}
    (tmp_path / "file").write_text("")
    message = message_of(enter, RunFolder(tmp_path / "file"))
    assert f"--model_dir={tmp_path / 'file'} cannot be written" in message


def test_the_lock_sweeps_what_a_killed_process_left_half_written(tmp_path):
    leftover = tmp_path / "0" / ".checkpoint-00000004.npz.123.partial"
    leftover.parent.mkdir()
    leftover.write_bytes(b"half")
    with RunFolder(tmp_path).locked():
        assert not leftover.exists()


def test_a_folder_on_a_read_only_disk_is_named(tmp_path, monkeypatch):
    def refuse(*arguments, **named):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(tmp_path))

    monkeypatch.setattr("pathlib.Path.mkdir", refuse)
    message = message_of(enter, RunFolder(tmp_path / "run"))
    assert f"--model_dir={tmp_path / 'run'} cannot be written: " in message
    assert "Read-only file system" in message


def test_no_link_leads_out_of_the_folder(folder, tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "mine").write_text("mine")
    (folder.path / "pictures").mkdir()
    (folder.path / ".lock").symlink_to(tmp_path / "outside" / "mine")
    assert "cannot be written" in message_of(enter, folder)
    assert (tmp_path / "outside" / "mine").read_text() == "mine"
    (folder.path / ".lock").unlink()
    (folder.path / "pictures" / "more").symlink_to(tmp_path / "outside")
    message = message_of(enter, folder)
    assert f"{folder.path / 'pictures' / 'more'} is a link to another folder" in message


def test_a_file_system_without_locks_is_no_other_process(folder, monkeypatch):
    def refuse(*arguments):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    folder.path.mkdir(exist_ok=True)
    (folder.path / ".lock").touch()
    monkeypatch.setattr("fcntl.flock", refuse)
    assert "cannot be locked (No locks available)" in message_of(enter, folder)
    assert not folder_is_held(folder.path)
