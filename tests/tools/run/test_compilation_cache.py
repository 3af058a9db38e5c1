import atexit
import fcntl
import os
import shutil
from types import SimpleNamespace

import pytest

from tools.run import compilation_cache
from tools.run.compilation_cache import record_checksums, use_compilation_cache


@pytest.fixture
def cache(monkeypatch, tmp_path):
    """The user's cache, in an environment that says nothing of XLA."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("TF_XLA_FLAGS", raising=False)
    monkeypatch.setattr(atexit, "register", lambda *call: None)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=10 * 2**30))
    yield tmp_path / "generative-ensembles"
    leave()


def leave():
    """Gives the locks up, as a process does that ends."""
    while compilation_cache._locks:
        compilation_cache._locks.pop().close()


def entries(folder):
    return {path.name for path in folder.iterdir()} - {".lock", "checksums.json"}


def test_the_folder_is_of_this_version_and_processor(cache, monkeypatch):
    use_compilation_cache()
    (folder,) = cache.iterdir()
    assert os.environ["TF_XLA_FLAGS"] == f"--tf_xla_persistent_cache_directory={folder}"
    monkeypatch.delenv("TF_XLA_FLAGS")
    monkeypatch.setattr(compilation_cache, "_processor", lambda: "another")
    use_compilation_cache()
    assert len(list(cache.iterdir())) == 2


def test_what_a_person_has_set_stays(cache, monkeypatch):
    monkeypatch.setenv("TF_XLA_FLAGS", "--tf_xla_auto_jit=2")
    use_compilation_cache()
    assert os.environ["TF_XLA_FLAGS"] == "--tf_xla_auto_jit=2"
    assert not cache.exists()


def test_a_full_disk_and_a_file_in_the_way_leave_it_off(cache, monkeypatch):
    cache.write_text("a file")
    use_compilation_cache()
    cache.unlink()
    monkeypatch.setattr(atexit, "register", lambda *call: None)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=2**20))
    use_compilation_cache()
    assert "TF_XLA_FLAGS" not in os.environ


@pytest.fixture
def folder(cache, monkeypatch):
    """With two recorded entries, and what a crash and a bad disk have left."""
    use_compilation_cache()
    leave()
    monkeypatch.delenv("TF_XLA_FLAGS")
    (folder,) = cache.iterdir()
    for name in ("one.pb", "two.pb", "changed.pb", "cut.pb"):
        (folder / name).write_bytes(bytes(100))
    record_checksums(folder)
    (folder / "changed.pb").write_bytes(bytes(99) + b"x")
    (folder / "cut.pb").write_bytes(bytes(50))
    (folder / "unrecorded.pb").write_bytes(b"")
    (folder / "unfinished.tmp").touch()
    return folder


def test_entries_that_are_damaged_or_unfinished_go(folder):
    use_compilation_cache()
    assert entries(folder) == {"one.pb", "two.pb"}


def test_too_many_go_all_together(folder, monkeypatch):
    monkeypatch.setattr(compilation_cache, "_LARGEST", 300)
    use_compilation_cache()
    assert entries(folder) == set()


def test_nothing_goes_while_another_process_uses_the_folder(folder):
    before = entries(folder)
    with open(folder / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        use_compilation_cache()
    assert entries(folder) == before
    assert "TF_XLA_FLAGS" in os.environ


def test_a_build_of_tensorflow_with_another_name_leaves_it_off(cache, monkeypatch):
    def version(name):
        raise compilation_cache.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(compilation_cache.metadata, "version", version)
    use_compilation_cache()
    assert "TF_XLA_FLAGS" not in os.environ


def test_others_need_not_wait_for_one_that_cannot_tidy(cache, monkeypatch):
    def fail(folder):
        raise PermissionError

    monkeypatch.setattr(compilation_cache, "_tidy", fail)
    use_compilation_cache()
    (folder,) = cache.iterdir()
    with open(folder / ".lock") as other:
        fcntl.flock(other, fcntl.LOCK_SH | fcntl.LOCK_NB)
