"""The bar of a large file goes with what is read; small files have none."""

import io

import pandas as pd
import pytest

from tools.files import watched_bytes
from tools.files.watched_bytes import watched

CONTENT = b"a,b\n" + b"1,2\n" * 50_000


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("rows", [None, 20_000])
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_a_table_is_read_with_a_bar_to_its_end(rows, encoding, monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setattr(watched_bytes, "WITHOUT_BAR", 1000)
    monkeypatch.setattr("tqdm.std.tqdm.monitor_interval", 0)
    with watched(CONTENT, "own.csv") as stream:
        read = pd.read_csv(stream, encoding=encoding, chunksize=rows)
        frame = read if rows is None else pd.concat(read)
        assert stream._bar.n == len(CONTENT)
    assert len(frame) == 50_000
    assert "own.csv" in terminal.getvalue()


@pytest.mark.parametrize("stream", [Terminal(), io.StringIO()])
def test_small_files_and_pipes_have_no_bar(stream, monkeypatch):
    monkeypatch.setattr("sys.stderr", stream)
    content = CONTENT if stream.isatty() else bytes(watched_bytes.WITHOUT_BAR)
    with watched(content, "own.csv") as opened:
        assert opened.read(3) == content[:3]
    assert stream.getvalue() == ""
