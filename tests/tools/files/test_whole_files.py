"""Files appear whole or not at all, and the same content gives the same bytes."""

import errno
import os
import zipfile

import numpy as np
import pytest

from tools.files.whole_files import (
    DamagedFileError,
    read_npz,
    write_bytes,
    write_json,
    write_npz,
    write_text,
)

ARRAYS = {"layer/kernel": np.arange(6.0).reshape(2, 3), "step": np.int64(7)}


def test_files_are_written_into_folders_that_need_not_exist(tmp_path):
    write_text(tmp_path / "a" / "b" / "text", "naïve\n")
    write_json(tmp_path / "value.json", {"steps": [1, 2]})
    write_npz(tmp_path / "arrays.npz", ARRAYS)

    assert (tmp_path / "a" / "b" / "text").read_bytes() == "naïve\n".encode()
    assert (tmp_path / "value.json").read_text() == '{\n  "steps": [\n    1,\n    2\n  ]\n}\n'
    with np.load(tmp_path / "arrays.npz", allow_pickle=False) as found:
        assert {name: found[name].tolist() for name in found} == {
            name: array.tolist() for name, array in ARRAYS.items()
        }
    assert sorted(os.listdir(tmp_path)) == ["a", "arrays.npz", "value.json"]


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file_and_no_other(tmp_path, monkeypatch, call):
    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    write_bytes(tmp_path / "file", b"old")
    monkeypatch.setattr(os, call, fail)
    with pytest.raises(OSError, match="No space left") as caught:
        write_bytes(tmp_path / "file", b"new")
    assert caught.value.filename == str(tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


def test_what_cannot_be_read_back_is_refused_and_the_old_file_stays(tmp_path):
    write_json(tmp_path / "value.json", 1)
    write_npz(tmp_path / "arrays.npz", ARRAYS)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "value.json", {"elbo": float("nan")})
    with pytest.raises(ValueError, match="pickle"):
        write_npz(tmp_path / "arrays.npz", {"objects": np.array([{}, None])})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_the_same_arrays_give_the_same_bytes_years_later(tmp_path, monkeypatch):
    for year in (2001, 2033):
        monkeypatch.setattr("time.time", lambda year=year: (year - 1970) * 31557600.0)
        write_npz(tmp_path / f"{year}.npz", ARRAYS)
    assert (tmp_path / "2001.npz").read_bytes() == (tmp_path / "2033.npz").read_bytes()


def test_a_cut_changed_or_pickled_npz_is_called_damaged(tmp_path):
    path = tmp_path / "a.npz"
    write_npz(path, {"x": np.arange(300), "y": np.ones(3)})
    whole = path.read_bytes()
    np.testing.assert_array_equal(read_npz(path)["x"], np.arange(300))
    spoilt = bytearray(whole)
    spoilt[700] ^= 4
    for content in (whole[:-1], whole[:500], b"", bytes(spoilt)):
        path.write_bytes(content)
        with pytest.raises(DamagedFileError):
            read_npz(path)
    np.savez(path, x=np.array([{}], object))
    with pytest.raises(DamagedFileError):
        read_npz(path)
    with pytest.raises(FileNotFoundError):
        read_npz(tmp_path / "none.npz")


def test_damage_of_every_compression_is_damage(tmp_path):
    path, values = tmp_path / "a.npz", np.random.default_rng(0).bytes(2000)
    for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        with zipfile.ZipFile(path, "w", method) as archive, archive.open("x.npy", "w") as stream:
            np.lib.format.write_array(stream, np.frombuffer(values, np.uint8))
        content = bytearray(path.read_bytes())
        content[60:200] = bytes(140)
        path.write_bytes(content)
        with pytest.raises(DamagedFileError):
            read_npz(path)
