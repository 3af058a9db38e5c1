"""Reading idx, npz and npy files and folders of pictures, whole and damaged."""

import gzip
import hashlib

import numpy as np
import pytest
import scipy.io

from input_errors import message_of
from tools.errors import InputError
from tools.files.readers import (
    npz_names,
    parse_idx,
    parse_mat,
    read_data_file,
    read_gzip,
    read_npy,
    read_npz_array,
)

IDX = b"\0\0\x08\x03" + b"\0\0\0\2\0\0\0\1\0\0\0\3" + bytes([1, 2, 3, 4, 5, 6])


def test_idx_has_its_axes_in_order(tmp_path):
    np.testing.assert_array_equal(parse_idx(IDX, tmp_path), [[[1, 2, 3]], [[4, 5, 6]]])


@pytest.mark.parametrize("content", [b"", IDX[:3], IDX[:9], IDX[:-1], IDX + b"\0", b"\0\0\x0d\1"])
def test_a_damaged_idx_is_named(content, tmp_path):
    assert "a.gz" in message_of(parse_idx, content, tmp_path / "a.gz")


def test_a_data_file_is_checked_by_its_content(tmp_path):
    path = tmp_path / "a-idx3-ubyte.gz"
    path.write_bytes(gzip.compress(IDX))
    assert read_data_file(path, hashlib.sha256(IDX).hexdigest()).shape == (2, 1, 3)
    assert "wrong content" in message_of(read_data_file, path, hashlib.sha256(b"").hexdigest())


def test_an_npz_data_file_is_checked_by_the_bytes_of_x(tmp_path):
    images = np.arange(6, dtype=np.uint8).reshape(2, 1, 3)
    np.savez(tmp_path / "a.npz", y=[0, 1], x=images)
    sha256 = hashlib.sha256(bytes(range(6))).hexdigest()
    np.testing.assert_array_equal(read_data_file(tmp_path / "a.npz", sha256), images)
    np.savez(tmp_path / "a.npz", x=images[::-1])
    assert "wrong content" in message_of(read_data_file, tmp_path / "a.npz", sha256)


@pytest.mark.parametrize("compressed", [True, False])
def test_a_mat_file_has_its_images_last_and_is_checked_by_its_bytes(compressed, tmp_path):
    path = tmp_path / "test_32x32.mat"
    images = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3), np.uint8)
    labels = np.arange(1, 6, dtype=np.uint8)[:, None]
    content = {"X": np.moveaxis(images, 0, -1), "y": labels}
    scipy.io.savemat(path, content, do_compression=compressed)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    np.testing.assert_array_equal(read_data_file(path, sha256), images)
    assert "wrong content" in message_of(read_data_file, path, hashlib.sha256(b"").hexdigest())


@pytest.mark.parametrize(
    "content",
    [b"", b"<html>" * 40, b"MATLAB 5.0 MAT-file".ljust(124) + b"\0\1IM" + b"\x0e\0\0\0" * 3],
    ids=["empty", "foreign", "truncated"],
)
def test_a_damaged_mat_is_named(content, tmp_path):
    assert "a.mat" in message_of(parse_mat, content, tmp_path / "a.mat")


def test_a_mat_without_images_is_named(tmp_path):
    scipy.io.savemat(tmp_path / "a.mat", {"y": [1]})
    content = (tmp_path / "a.mat").read_bytes()
    assert "a.mat" in message_of(parse_mat, content, tmp_path / "a.mat")


def test_a_truncated_or_foreign_gz_is_named(tmp_path):
    path = tmp_path / "a.gz"
    for content in (gzip.compress(IDX)[:-5], gzip.compress(IDX * 99)[:30], b"<html>", b""):
        path.write_bytes(content)
        assert f"{path} " in message_of(read_data_file, path, "0")
    path.unlink()
    assert f"{path} cannot be read: No such file" in message_of(read_gzip, path)


def test_npz_arrays_are_read_by_name(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", x=[1, 2], y=[3])
    assert npz_names(tmp_path / "a.npz") == ["x", "y"]
    np.testing.assert_array_equal(read_npz_array(tmp_path / "a.npz", "y"), [3])
    assert "it has x, y" in message_of(read_npz_array, tmp_path / "a.npz", "z")


def test_each_truncation_of_an_npz_or_npy_is_named(tmp_path):
    np.savez_compressed(tmp_path / "whole.npz", x=np.arange(99))
    np.save(tmp_path / "whole.npy", np.arange(99))
    for ending, read in ((".npz", lambda path: read_npz_array(path, "x")), (".npy", read_npy)):
        content = (tmp_path / f"whole{ending}").read_bytes()
        path = tmp_path / f"part{ending}"
        for length in range(0, len(content), 7):
            path.write_bytes(content[:length])
            assert str(path) in message_of(read, path)


def test_a_flipped_byte_in_compressed_pixels_is_found(tmp_path):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, x=np.random.default_rng(0).integers(0, 9, 5000, np.uint8))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    assert f"{path} cannot be read" in message_of(read_npz_array, path, "x")


def test_each_changed_byte_in_the_header_of_an_npy_is_read_or_named(tmp_path):
    np.save(tmp_path / "whole.npy", np.arange(9))
    content = (tmp_path / "whole.npy").read_bytes()
    path = tmp_path / "changed.npy"
    for position in range(128):
        path.write_bytes(content[:position] + b"(" + content[position + 1 :])
        try:
            read_npy(path)
        except InputError as error:
            assert str(path) in str(error)


def test_pickled_objects_are_refused(tmp_path):
    objects = np.array([{}, None], dtype=object)
    np.savez(tmp_path / "a.npz", x=objects)
    np.save(tmp_path / "a.npy", objects)
    assert "save plain numbers" in message_of(read_npz_array, tmp_path / "a.npz", "x")
    assert "save plain numbers" in message_of(read_npy, tmp_path / "a.npy")


@pytest.mark.parametrize("name", ["notmnist_test.npz", "omniglot_28x28.npz"])
def test_the_real_npz_files_open(name, shared_data):
    assert read_npz_array(shared_data / name, "x").shape[1:] == (28, 28, 1)


def test_a_gzip_bomb_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("tools.files.array_files.LARGEST", 1_000_000)
    (tmp_path / "x.gz").write_bytes(gzip.compress(bytes(3_000_000)))
    message = message_of(read_gzip, tmp_path / "x.gz")
    assert message.startswith(f"{tmp_path / 'x.gz'} cannot be read: its content claims 1,048,576")


@pytest.mark.parametrize("images", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3, 2))])
def test_a_mat_of_other_arrays_is_named(images, tmp_path):
    scipy.io.savemat(tmp_path / "x.mat", {"X": images})
    content = (tmp_path / "x.mat").read_bytes()
    assert "no images X of bytes" in message_of(parse_mat, content, tmp_path / "x.mat")
