"""scores.csv: every scored example with its file, scores, p-value and flag."""

import csv

import pytest

from run_folder_fixture import table_of, write_run
from tools.analysis.sections.scored_examples import section
from tools.files.whole_files import write_text


@pytest.fixture
def folder(tmp_path):
    folder = write_run(tmp_path)
    folder.update_manifest(example_shape=[28, 28, 1])
    return folder


def rows_of(table):
    return list(csv.DictReader(section(table).files["scores.csv"].splitlines()))


def test_each_example_of_each_set_has_a_row_the_most_anomalous_first(folder):
    table = table_of(folder, draws=0)
    rows = rows_of(table)
    assert [name for name in dict.fromkeys(row["set"] for row in rows)] == ["digits", "near", "far"]
    near = [row for row in rows if row["set"] == "near"]
    assert sorted(int(row["id"]) for row in near) == table.run.scores["near"].ids.tolist()
    scores = [float(row["iwae waic"]) for row in near]
    assert scores == sorted(scores, reverse=True)
    assert all(row["flagged"] == "1" for row in rows if row["set"] == "far")


def test_files_and_copies_stand_beside_their_scores(folder):
    table = table_of(folder, draws=0)
    first = table.run.scores["near"].ids[0]
    write_text(folder.examples("near"), f"id,path,copy_of\n{first},a/b.png,training/c.png\n")
    named = {row["id"]: row for row in rows_of(table) if row["set"] == "near"}
    assert named[str(first)]["path"] == "a/b.png"
    assert named[str(first)]["copy_of"] == "training/c.png"


def test_tables_have_none(folder):
    folder.update_manifest(example_shape=[9])
    assert section(table_of(folder, draws=0)).files == {}
