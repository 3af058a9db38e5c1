"""What a file claims is compared with what it has before memory is taken for it."""

import gzip
import io
import tracemalloc
import zipfile

import numpy as np
import pytest

from tools.files import array_files
from tools.files.array_files import npy_array, npz_array, npz_names, read_bounded, stored_arrays

ARRAY = np.arange(12, dtype=np.int16).reshape(3, 4)


def npy_bytes(array=ARRAY, **header):
    """An .npy file, perhaps with another header than the array's."""
    buffer = io.BytesIO()
    if not header:
        np.save(buffer, array)
        return buffer.getvalue()
    whole = {"descr": array.dtype.str, "fortran_order": False, "shape": array.shape} | header
    np.lib.format.write_array_header_1_0(buffer, whole)
    return buffer.getvalue() + array.tobytes()


def read_npy(content, tmp_path):
    (tmp_path / "x.npy").write_bytes(content)
    with open(tmp_path / "x.npy", "rb") as file:
        return npy_array(file)


def zip_bytes(compression=zipfile.ZIP_STORED, **members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "array", [ARRAY, np.asfortranarray(ARRAY), np.float32(3), np.zeros((0, 28)), np.array("naïve")]
)
def test_what_was_saved_is_read(array, tmp_path):
    found = read_npy(npy_bytes(array), tmp_path)
    np.testing.assert_array_equal(found, array)
    assert found.dtype == array.dtype
    with zipfile.ZipFile(io.BytesIO(zip_bytes(x=npy_bytes(array)))) as archive:
        assert npz_names(archive) == ["x"]
        np.testing.assert_array_equal(npz_array(archive, "x"), array)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ({"shape": (10**12, 4)}, "not the 24 bytes it has"),
        ({"shape": (3, 5)}, "not the 24 bytes it has"),
        ({"shape": (2, 4)}, "not the 24 bytes it has"),
        ({"shape": (-3, -4)}, "not the 24 bytes it has"),
        ({"descr": "<f8"}, "not the 24 bytes it has"),
        ({"descr": "|O"}, "allow_pickle"),
        ({"descr": [("a", "<i2")]}, "neither numbers nor texts"),
    ],
)
def test_a_header_that_does_not_fit_is_refused_before_memory_is_taken(header, words, tmp_path):
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=words):
            read_npy(npy_bytes(**header), tmp_path)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_an_endless_array_of_no_bytes_is_refused(tmp_path):
    nothing = np.zeros((0, 3), np.int16)
    with pytest.raises(ValueError, match="claims"):
        read_npy(npy_bytes(nothing, shape=(10**12, 0)), tmp_path)


def test_letters_beyond_unicode_are_refused(tmp_path):
    letters = np.array([0x110000], np.uint32)
    with pytest.raises(ValueError, match="Unicode"):
        read_npy(npy_bytes(letters, descr="<U1"), tmp_path)


def test_a_member_is_read_to_its_end_so_that_its_sum_is_compared():
    content = bytearray(zip_bytes(x=npy_bytes()))
    content[content.index(ARRAY.tobytes()) + 5] ^= 1
    with (
        zipfile.ZipFile(io.BytesIO(content)) as archive,
        pytest.raises(zipfile.BadZipFile, match="CRC"),
    ):
        npz_array(archive, "x")


def test_content_beyond_the_memory_is_refused_while_it_is_uncompressed(monkeypatch):
    monkeypatch.setattr(array_files, "LARGEST", 3_000_000)
    bomb = gzip.compress(bytes(5_000_000))
    with gzip.open(io.BytesIO(bomb)) as stream, pytest.raises(ValueError, match="it claims 3,1"):
        read_bounded(stream, "it")
    with gzip.open(io.BytesIO(gzip.compress(bytes(2_500_000)))) as stream:
        assert len(read_bounded(stream, "it")) == 2_500_000


def test_a_zip_bomb_is_refused(monkeypatch, tmp_path):
    bomb = zip_bytes(zipfile.ZIP_DEFLATED, x=npy_bytes(np.zeros(500_000)))
    assert len(bomb) < 10_000
    (tmp_path / "x.npz").write_bytes(bomb)
    with open(tmp_path / "x.npz", "rb") as file, pytest.raises(ValueError, match="4,000,128 bytes"):
        stored_arrays(file)  # what a run writes is not compressed
    monkeypatch.setattr(array_files, "LARGEST", 3_000_000)
    with (
        zipfile.ZipFile(io.BytesIO(bomb)) as archive,
        pytest.raises(ValueError, match="x claims 4,000,128 bytes"),
    ):
        npz_array(archive, "x")
