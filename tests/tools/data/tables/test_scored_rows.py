"""The file of scored rows: in parts, as .csv or .parquet, and over nobody else's file."""

import pandas as pd
import pytest

from input_errors import message_of
from tools.data.tables.scored_rows import (
    COLUMNS,
    check_output,
    is_earlier_output,
    with_given_columns,
    write_scored_rows,
)


def part(start, **given):
    scored = pd.DataFrame(
        {
            "row": [start, start + 1],
            "score": [1.5, None],
            "p_value": [0.25, None],
            "flagged": pd.array([0, None], "Int64"),
            "reason": pd.array(["", ""], "string"),
            "problem": pd.array(["", "column a is missing"], "string"),
        }
    )
    return with_given_columns(scored, pd.DataFrame(given))


PARTS = (part(0, id=[7, 8], note=[None, None]), part(2, id=[9, None], note=["x", "y"]))


@pytest.mark.parametrize("name", ["scores.csv", "scores.parquet"])
def test_parts_make_one_table(name, tmp_path):
    path = tmp_path / name
    write_scored_rows(path, PARTS)
    found = pd.read_csv(path) if name.endswith("csv") else pd.read_parquet(path)
    assert list(found) == [*COLUMNS, "id", "note"]
    assert found["row"].tolist() == [0, 1, 2, 3]
    assert found["score"].isna().tolist() == [False, True, False, True]
    assert found["flagged"].isna().tolist() == [False, True, False, True]
    assert found["id"].dropna().tolist() == [7, 8, 9]
    assert found["note"].dropna().tolist() == ["x", "y"]
    assert [found.name for found in tmp_path.iterdir()] == [name]


def test_given_columns_that_are_called_as_ours_are_renamed():
    assert list(part(0, score=[1, 2], id=[3, 4])) == [*COLUMNS, "score (given)", "id"]


def test_what_fails_on_the_way_leaves_the_old_file(tmp_path):
    path = tmp_path / "scores.csv"
    path.write_text("old")

    def parts():
        yield PARTS[0]
        raise KeyError

    with pytest.raises(KeyError):
        write_scored_rows(path, parts())
    assert path.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_numbers_and_texts_in_one_column_of_a_parquet_file_are_named(tmp_path):
    parts = [part(0, id=[1, 2]), part(2, id=["x", "y"])]
    assert "as .csv" in message_of(write_scored_rows, tmp_path / "a.parquet", parts)
    assert not list(tmp_path.iterdir())


@pytest.fixture
def places(tmp_path):
    """A table that is scored, and a folder of a run."""
    (tmp_path / "new.csv").write_text("a,b\n1,2\n")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "manifest.json").write_text("{}")
    return tmp_path


def check(places, output, overwrite=False):
    inputs = (str(places / "new.csv"), "creditcard")
    check_output(str(places / output), run=str(places / "run"), inputs=inputs, overwrite=overwrite)


@pytest.mark.parametrize("overwrite", [False, True])
def test_neither_a_table_that_is_read_nor_a_file_of_the_run_is_written_over(overwrite, places):
    (places / "link.csv").symlink_to(places / "new.csv")
    for name in ("new.csv", "run/../new.csv", "link.csv"):
        assert "which is read" in message_of(check, places, name, overwrite)
    for name in ("run/manifest.json", "run/../run/manifest.json"):
        assert "is a file of the run" in message_of(check, places, name, overwrite)
    assert (places / "run" / "manifest.json").read_text() == "{}"


def test_another_file_is_replaced_only_where_the_user_says_so(places):
    (places / "notes.csv").write_text("row,score\n")
    assert "add --overwrite" in message_of(check, places, "notes.csv")
    check(places, "notes.csv", overwrite=True)
    check(places, "none_there.csv")


@pytest.mark.parametrize("name", ["scores.csv", "run/scores.csv", "scores.parquet"])
def test_an_earlier_output_is_replaced(name, places):
    write_scored_rows(places / name, PARTS)
    check(places, name)


def test_earlier_outputs_are_known_by_their_columns(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("row,score,p_value,flagged\n")  # as an earlier version wrote them
    assert is_earlier_output(path)
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    assert not is_earlier_output(tmp_path / "a.parquet")
