"""Tables from files of every kind, and files that hold none."""

import zipfile

import numpy as np
import pandas as pd
import pytest

from input_errors import message_of
from tools.data.tables.table_files import parse_table
from tools.data.tables.text_format import CsvOptions, parse_csv_options
from tools.files.packed_files import unpacked_content

FRAME = pd.DataFrame({"amount": [1.5, np.nan, 3.0], "shop": ["web", "till", "web"]})


def read(path, options=CsvOptions()):  # noqa: B008  it cannot be changed
    return parse_table(unpacked_content(path), path, options).frame


def notes_of(path):
    return list(parse_table(unpacked_content(path), path).notes)


WRITERS = {
    "comma.csv": lambda path: FRAME.to_csv(path, index=False),
    "packed.csv.gz": lambda path: FRAME.to_csv(path, index=False),
    "packed.zip": lambda path: FRAME.to_csv(path, index=False, compression="zip"),
    "packed.csv.bz2": lambda path: FRAME.to_csv(path, index=False),
    "packed.csv.xz": lambda path: FRAME.to_csv(path, index=False),
    "tab.tsv": lambda path: FRAME.to_csv(path, index=False, sep="\t"),
    "semicolon.csv": lambda path: FRAME.to_csv(path, index=False, sep=";", decimal=","),
    "pipe.dat": lambda path: FRAME.to_csv(path, index=False, sep="|"),
    "byte_order_mark.txt": lambda path: FRAME.to_csv(path, index=False, encoding="utf-8-sig"),
    "wide_letters.txt": lambda path: FRAME.to_csv(path, index=False, encoding="utf-16"),
    "crlf.data": lambda path: FRAME.to_csv(path, index=False, lineterminator="\r\n"),
    "no_ending": lambda path: FRAME.to_csv(path, index=False),
    "blanks.csv": lambda path: path.write_text("amount, shop \n1.5, web\n , till \n3.0,web\n"),
    "a.parquet": lambda path: FRAME.to_parquet(path),
    "parquet_by_content.csv": lambda path: FRAME.to_parquet(path),
    "a.feather": lambda path: FRAME.to_feather(path),
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_gives_the_same_table(name, tmp_path):
    WRITERS[name](tmp_path / name)
    pd.testing.assert_frame_equal(read(tmp_path / name), FRAME)


def test_an_excel_file_is_read_or_what_it_needs_is_said(tmp_path):
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
    try:
        import openpyxl  # noqa: F401
    except ImportError:
        assert "needs openpyxl; install the extra [excel]" in message_of(read, path)
    else:
        assert str(path) in message_of(read, path)  # it holds nothing
        with pd.ExcelWriter(path) as writer:
            FRAME.to_excel(writer, sheet_name="first", index=False)
            FRAME[:1].to_excel(writer, sheet_name="second", index=False)
        pd.testing.assert_frame_equal(read(path), FRAME)
        assert "sheet first, the first of 2" in notes_of(path)


def test_without_a_heading_columns_are_counted_and_the_preview_says_so(tmp_path):
    path = tmp_path / "kdd.txt"
    path.write_text("0,tcp,1.5\n2,udp,2.5\n")
    assert read(path).to_dict("list") == {"c0": [0, 2], "c1": ["tcp", "udp"], "c2": [1.5, 2.5]}
    assert "without a heading: columns c0, c1" in notes_of(path)[0]
    named = read(path, CsvOptions(header="yes"))
    assert named.to_dict("list") == {"0": [2], "tcp": ["udp"], "1.5": [2.5]}


def test_what_is_told_of_the_format_goes_before_what_is_found(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a;b\n1,234;2\n2,345;3\n")
    assert read(path)["a"].tolist() == [1.234, 2.345]
    told = parse_csv_options(["decimal=point", "thousands=comma"])
    assert read(path, told)["a"].tolist() == [1234, 2345]


def test_names_of_several_columns_are_shown(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a,a,b ,b\n1,2,3,4\n5,6,7,8\n")
    assert list(read(path)) == ["a", "a.1", "b", "b.1"]
    assert "names of several columns: a, b; further ones end in .1, .2" in notes_of(path)


def test_a_picture_is_no_table(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    assert f"{path} cannot be read: it is no table" in message_of(read, path)


def test_a_feather_of_one_value_repeated_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "a.feather"
    pd.DataFrame({"a": np.zeros(500_000)}).to_feather(path, compression="zstd")
    assert path.stat().st_size < 20_000
    monkeypatch.setattr("tools.files.array_files.LARGEST", 1_000_000)
    assert "claims 4,000,000 bytes" in message_of(read, path)


def test_an_npz_has_a_column_per_array_and_per_column_of_x(tmp_path):
    np.savez(tmp_path / "a.npz", x=[[1.0, 2.0], [3.0, 4.0]], label=["good", "bad"])
    frame = read(tmp_path / "a.npz")
    assert list(frame) == ["x0", "x1", "label"]
    assert frame["x1"].tolist() == [2, 4]
    assert frame["label"].tolist() == ["good", "bad"]


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
