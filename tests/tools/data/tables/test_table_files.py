"""Tables from files of every kind, and files that hold none."""

import gzip

import numpy as np
import pandas as pd
import pytest

from input_errors import message_of
from tools.data.tables.table_files import parse_table, table_content

FRAME = pd.DataFrame({"amount": [1.5, np.nan, 3.0], "shop": ["web", "till", "web"]})


def read(path):
    return parse_table(table_content(path), path)


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.parquet"])
def test_every_format_gives_the_same_table(name, tmp_path):
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow")
        FRAME.to_parquet(tmp_path / name)
    else:
        FRAME.to_csv(tmp_path / name, index=False)
    pd.testing.assert_frame_equal(read(tmp_path / name), FRAME)


def test_an_npz_has_a_column_per_array_and_per_column_of_x(tmp_path):
    np.savez(tmp_path / "a.npz", x=[[1.0, 2.0], [3.0, 4.0]], label=["good", "bad"])
    frame = read(tmp_path / "a.npz")
    assert list(frame) == ["x0", "x1", "label"]
    assert frame["x1"].tolist() == [2, 4]
    assert frame["label"].tolist() == ["good", "bad"]


def test_content_of_a_gz_is_uncompressed(tmp_path):
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"a,b\n1,2\n"))
    assert table_content(tmp_path / "a.csv.gz") == b"a,b\n1,2\n"


@pytest.mark.parametrize("content", [b"", b"a,b\n", b'a,b\n"1,2\n3', b"a,b\n1,2,3\n1,2\n1,2,3,4\n"])
def test_what_is_no_table_is_named(content, tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    assert str(path) in message_of(read, path)


def test_rows_longer_than_the_heading_are_refused_as_their_columns_would_be_shifted(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("v,label,w\n1.5,0,7,\n2.5,1,8,\n")
    assert "more fields than its heading has names" in message_of(read, path)


def test_a_named_index_of_a_parquet_file_is_a_column(tmp_path):
    frame = pd.DataFrame({"v": [1.0, 2.0]}, index=pd.Index([5, 6], name="time"))
    frame.to_parquet(tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet").to_dict("list") == {"time": [5, 6], "v": [1.0, 2.0]}


def test_columns_of_lists_are_named(tmp_path):
    pd.DataFrame({"a": [[1], [2, 3]]}).to_parquet(tmp_path / "a.parquet")
    assert "column a holds list" in message_of(read, tmp_path / "a.parquet")


def test_two_columns_of_one_name_are_refused(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.zeros((3, 2)), x0=np.ones(3))
    assert "two columns x0" in message_of(read, tmp_path / "a.npz")


def test_arrays_that_are_no_columns_are_named(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, images=np.zeros((2, 3, 3)))
    assert "images has the shape (2, 3, 3)" in message_of(read, path)
    np.savez(path, a=[1, 2], b=[1, 2, 3])
    assert "different lengths: [2, 3]" in message_of(read, path)


def test_a_missing_file_and_a_damaged_parquet_are_named(tmp_path):
    path = tmp_path / "a.parquet"
    assert f"{path} cannot be read: No such file" in message_of(read, path)
    path.write_bytes(b"PAR1")
    assert str(path) in message_of(read, path)


def test_a_wide_header_over_many_short_rows_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("tools.files.array_files.LARGEST", 1_000_000)
    content = b",".join(b"c%d" % column for column in range(1000)) + b"\n" + b"1\n" * 1000
    message = message_of(parse_table, content, tmp_path / "x.csv")
    assert "a table of 1,001 rows and 1,000 columns claims 8,008,000 bytes" in message


def test_a_parquet_of_one_value_repeated_is_refused(tmp_path, monkeypatch):
    content = pd.DataFrame({"a": np.zeros(500_000)}).to_parquet()
    assert len(content) < 20_000
    monkeypatch.setattr("tools.files.array_files.LARGEST", 1_000_000)
    message = message_of(parse_table, content, tmp_path / "x.parquet")
    assert "claims 4,000,000 bytes" in message
