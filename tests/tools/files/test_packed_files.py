"""What is packed is unpacked by its content; what is hostile is refused before it takes memory."""

import bz2
import gzip
import io
import lzma
import zipfile

import pyarrow
import pytest

from input_errors import message_of
from tools.files.packed_files import unpacked_content, zip_names

CONTENT = b"a,b\n1,2\n"


def zipped(**files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__dot__", "."), content)
    return buffer.getvalue()


def zstandard(content):
    return pyarrow.compress(content, codec="zstd", asbytes=True)


PACKED = {
    "plain": CONTENT,
    "gz": gzip.compress(CONTENT),
    "bz2": bz2.compress(CONTENT),
    "xz": lzma.compress(CONTENT),
    "zst": zstandard(CONTENT),
    "zip": zipped(**{"folder/": b"", "folder/x.csv": CONTENT, "__MACOSX/._x.csv": b"x"}),
}


@pytest.mark.parametrize("kind", PACKED)
def test_the_ending_does_not_matter(kind, tmp_path):
    path = tmp_path / "table.data"
    path.write_bytes(PACKED[kind])
    assert unpacked_content(path) == CONTENT


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz", "zst", "zip"])
def test_a_decompression_bomb_is_refused(kind, tmp_path, monkeypatch):
    monkeypatch.setattr("tools.files.array_files.LARGEST", 3_000_000)
    zeros = bytes(20_000_000)
    pack = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zst": zstandard}
    content = zipped(x=zeros) if kind == "zip" else pack[kind](zeros)
    path = tmp_path / f"bomb.{kind}"
    path.write_bytes(content)
    assert len(content) < 100_000
    assert "its content claims" in message_of(unpacked_content, path)


@pytest.mark.parametrize("name", ["../x.csv", "/etc/x.csv", "a/../../x.csv", "..\\x.csv", "C:\\x"])
def test_a_zip_with_an_unsafe_path_is_refused(name, tmp_path):
    (tmp_path / "x.zip").write_bytes(zipped(**{name: CONTENT}))
    assert "unsafe path" in message_of(unpacked_content, tmp_path / "x.zip")


def test_a_zip_of_several_files_names_them(tmp_path):
    (tmp_path / "x.zip").write_bytes(zipped(a=CONTENT, b=CONTENT))
    assert "holds 2 files (a, b)" in message_of(unpacked_content, tmp_path / "x.zip")


def test_what_is_packed_twice_is_refused(tmp_path):
    (tmp_path / "x.gz").write_bytes(gzip.compress(PACKED["zip"]))
    assert "packed twice" in message_of(unpacked_content, tmp_path / "x.gz")


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz", "zst", "zip"])
def test_a_damaged_one_is_named(kind, tmp_path):
    path = tmp_path / "x"
    path.write_bytes(PACKED[kind][: len(PACKED[kind]) * 2 // 3])
    assert str(path) in message_of(unpacked_content, path)


def test_names_in_a_zip():
    assert zip_names(zipped(a=b"", b=b"")) == ["a", "b"]
    assert zip_names(CONTENT) == []
