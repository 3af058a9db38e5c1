"""Published archives are checked by their md5, and converted."""

import hashlib

import numpy as np

from input_errors import message_of
from tools.data.sources.obtain import DataFile, WebArchive, obtain
from tools.files.readers import read_npz_array


def test_an_archive_is_checked_by_its_published_md5(tmp_path):
    (tmp_path / "x.mat").write_bytes(b"content")
    address, md5 = (tmp_path / "x.mat").as_uri(), hashlib.md5(b"content").hexdigest()
    file = DataFile("tiny/x.mat", "")  # its sha256 is not known
    obtain("tiny", [file], [WebArchive(address, md5)], tmp_path / "data")
    assert (tmp_path / "data/tiny/x.mat").read_bytes() == b"content"
    wrong = WebArchive(address, "0" * 32)
    assert "another content" in message_of(obtain, "x", [file], [wrong], tmp_path / "other")


def test_an_archive_may_be_converted(tmp_path):
    (tmp_path / "x.bin").write_bytes(b"abc")

    def convert(path, name):
        return {"x": np.frombuffer(path.read_bytes(), np.uint8)}

    source = WebArchive((tmp_path / "x.bin").as_uri(), hashlib.md5(b"abc").hexdigest(), convert)
    obtain("tiny", [DataFile("x.npz", "")], [source], tmp_path / "data")
    np.testing.assert_array_equal(read_npz_array(tmp_path / "data/x.npz", "x"), list(b"abc"))
