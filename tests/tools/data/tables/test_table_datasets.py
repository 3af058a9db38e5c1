"""Names of tables, and loading them from data_dir or from a user's file."""

import dataclasses
import gzip
import hashlib

import pytest

from input_errors import message_of
from tools.data.sources.obtain import DataFile, WebFile
from tools.data.tables.table_datasets import TABLE_DATASETS, check_table_name, load_table
from tools.data.tables.text_format import CsvOptions

HEADLESS = CsvOptions(header="no")
CONTENT = b"Time,V1,Class\n0,1.5,0\n1,2.5,1\n"


@pytest.fixture
def tiny(monkeypatch, tmp_path):
    """A named table `tiny` that a folder beside it stands for the web of."""
    (tmp_path / "web.csv").write_bytes(CONTENT)
    dataset = dataclasses.replace(
        TABLE_DATASETS["creditcard"],
        file=DataFile("tiny/tiny.csv.gz", hashlib.sha256(CONTENT).hexdigest()),
        sources=(WebFile((tmp_path / "web.csv").as_uri()),),
    )
    monkeypatch.setitem(TABLE_DATASETS, "tiny", dataset)
    return dataset


def test_a_named_table_is_fetched_once_and_checked(tiny, tmp_path):
    table = load_table("tiny", tmp_path / "data")
    assert (table.name, table.checksum) == ("tiny", tiny.file.sha256)
    assert table.frame.to_dict("list") == {"Time": [0, 1], "V1": [1.5, 2.5], "Class": [0, 1]}
    (tmp_path / "web.csv").unlink()
    assert load_table("tiny", tmp_path / "data").frame.equals(table.frame)


def test_another_content_is_refused(tiny, tmp_path):
    path = tmp_path / "tiny" / "tiny.csv.gz"
    path.parent.mkdir()
    path.write_bytes(gzip.compress(CONTENT + b"2,3.5,0\n"))
    message = message_of(load_table, "tiny", tmp_path)
    assert f"{path} has the wrong content" in message
    assert "move the file away to get tiny anew" in message


def test_an_own_table_goes_by_its_name_without_endings(tmp_path):
    (tmp_path / "shop.2024.csv").write_bytes(CONTENT)
    table = load_table(str(tmp_path / "shop.2024.csv"), "no such folder")
    assert table.name == "shop"
    assert table.checksum == hashlib.sha256(CONTENT).hexdigest()


def test_unknown_names_are_refused_by_their_flag(tmp_path):
    check_table_name("train_dataset", "creditcard")
    assert "--train_dataset=credit: no known table and no file" in message_of(
        check_table_name, "train_dataset", "credit"
    )


def test_another_format_told_of_the_same_bytes_is_another_table(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(CONTENT)
    found, told = (load_table(str(path), tmp_path, options) for options in (None, HEADLESS))
    assert found.checksum != told.checksum
    assert (len(found.frame), len(told.frame)) == (2, 3)
