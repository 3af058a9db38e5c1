"""Reading idx, npz and npy files and folders of pictures, whole and damaged."""

import gzip
import hashlib
import struct
import zlib

import numpy as np
import pytest
import scipy.io
from PIL import Image

from input_errors import message_of
from tools.data.images.image_folder import read_image_folder
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


def save_picture(path, pixels, mode=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(pixels, np.uint8)).convert(mode).save(path)


def test_grey_pictures_are_read_sorted_by_path_from_subfolders_too(tmp_path):
    for name, value in (("b/1.png", 3), ("a/2.PNG", 2), ("a/1.png", 1)):
        save_picture(tmp_path / name, np.full((4, 5), value))
    save_picture(tmp_path / ".hidden.png", np.zeros((9, 9)))
    save_picture(tmp_path / ".cache" / "1.png", np.zeros((9, 9)))
    (tmp_path / "labels.csv").write_text("1,2,3")
    images = read_image_folder(tmp_path)
    assert images.shape == (3, 4, 5, 1)
    assert images.dtype == np.uint8
    np.testing.assert_array_equal(images[:, 0, 0, 0], [1, 2, 3])


@pytest.mark.parametrize(
    ("mode", "ending", "channels"),
    [
        ("1", "png", 1),
        ("L", "jpg", 1),
        ("LA", "png", 1),
        ("P", "png", 3),
        ("RGB", "jpeg", 3),
        ("RGBA", "png", 3),
        ("CMYK", "jpg", 3),
    ],
)
def test_pictures_become_grey_or_rgb(mode, ending, channels, tmp_path):
    save_picture(tmp_path / f"1.{ending}", np.full((8, 8, 3), 255), mode)
    images = read_image_folder(tmp_path)
    assert images.shape == (1, 8, 8, channels)
    assert images.min() == 255


def test_colours_keep_their_order(tmp_path):
    save_picture(tmp_path / "1.png", np.broadcast_to([10, 20, 30], (2, 2, 3)))
    np.testing.assert_array_equal(read_image_folder(tmp_path)[0, 1, 1], [10, 20, 30])


def test_two_sizes_in_one_folder_are_named_with_their_files(tmp_path):
    save_picture(tmp_path / "1.png", np.zeros((4, 5)))
    save_picture(tmp_path / "2.png", np.zeros((4, 6, 3)))
    message = message_of(read_image_folder, tmp_path)
    assert f"{tmp_path / '1.png'} is 4x5x1, but {tmp_path / '2.png'} is 4x6x3" in message


def test_transparent_parts_and_16_bits_are_refused(tmp_path):
    save_picture(tmp_path / "a" / "1.png", np.full((2, 2, 4), 7), "RGBA")
    Image.fromarray(np.full((2, 2), 999, np.uint16)).save(tmp_path / "2.png")
    assert "1.png has transparent parts" in message_of(read_image_folder, tmp_path / "a")
    assert "2.png has more than 8 bits" in message_of(read_image_folder, tmp_path)


def test_each_truncation_of_a_picture_is_named(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (30, 30), np.uint8)
    for ending in ("png", "jpg"):
        path = tmp_path / ending / f"1.{ending}"
        save_picture(path, pixels)
        content = path.read_bytes()
        for length in range(0, len(content) - 50, 97):
            path.write_bytes(content[:length])
            assert str(path) in message_of(read_image_folder, path.parent)


def test_a_folder_without_pictures_is_named(tmp_path):
    (tmp_path / "notes.txt").write_text("")
    assert f"{tmp_path} has no png or jpg" in message_of(read_image_folder, tmp_path)


@pytest.mark.parametrize("name", ["notmnist_test.npz", "omniglot_28x28.npz"])
def test_the_real_npz_files_open(name, shared_data):
    assert read_npz_array(shared_data / name, "x").shape[1:] == (28, 28, 1)


def test_no_other_format_hides_under_the_name_of_a_picture(tmp_path):
    Image.new("L", (28, 28)).save(tmp_path / "x.eps")
    (tmp_path / "x.eps").rename(tmp_path / "x.png")  # Pillow would start another program for it
    assert "cannot identify image file" in message_of(read_image_folder, tmp_path)


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


def test_more_pictures_than_fit_into_memory_are_refused_at_the_first(tmp_path, monkeypatch):
    monkeypatch.setattr("tools.files.array_files.LARGEST", 8_000)
    for name in ("a", "b", "c"):
        Image.new("L", (28, 28)).save(tmp_path / f"{name}.png")
    message = message_of(read_image_folder, tmp_path)
    assert "a folder of 3 pictures claims 9,408 bytes" in message


def test_16_bits_of_colour_are_refused_too(tmp_path):
    def chunk(kind, content):
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", 2, 1, 16, 2, 0, 0, 0)  # 2x1 pixels, 16 bits, RGB
    pixels = zlib.compress(bytes(1 + 2 * 3 * 2))
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels)
    (tmp_path / "1.png").write_bytes(png + chunk(b"IEND", b""))
    assert "1.png has more than 8 bits" in message_of(read_image_folder, tmp_path)
