"""Results of tiny runs of each kind are those that tests/golden/ keeps."""

import csv
import json
import shutil

import pytest

from finished_runs import KINDS, write_inputs
from golden_runs import GOLDEN, HALF_RUN, machine, results
from program import call

RECORD = json.loads((GOLDEN / "results.json").read_text("utf-8"))
SAME_MACHINE = machine() == RECORD["machine"]


def assert_as_kept(found, name):
    """To the byte on the machine that made the files, else to what rounding leaves."""
    kept = RECORD["runs"][name]
    assert found.keys() == kept.keys()
    if SAME_MACHINE:
        assert {key for key in kept if found[key][0] != kept[key][0]} == set()
    for key, (_, mean, std) in kept.items():
        # A seed that is another one moves weights by a good part of their deviation.
        assert found[key][1] == pytest.approx(mean, rel=0.02, abs=0.02 * std + 1e-6), key
        assert found[key][2] == pytest.approx(std, rel=0.05, abs=1e-6), key


def assert_same_table(path, name):
    text = path.read_text("utf-8")
    kept = (GOLDEN / f"{name}.csv").read_text("utf-8")
    if SAME_MACHINE:
        assert text == kept
    for row, kept_row in zip(
        *(list(csv.DictReader(t.splitlines())) for t in (text, kept)), strict=True
    ):
        for column, value in kept_row.items():
            try:
                assert float(row[column]) == pytest.approx(float(value), abs=0.05), (row, column)
            except ValueError:
                assert row[column] == value


@pytest.mark.parametrize("name", RECORD["runs"])
def test_a_run_gives_the_kept_results(name, tiny_run):
    run = tiny_run(name).folder / "run"
    assert_as_kept(results(run), name)
    assert_same_table(run / "analysis" / "metrics.csv", name)


def test_a_run_folder_of_before_is_continued_to_the_same_results(tmp_path):
    write_inputs(tmp_path)
    shutil.copytree(HALF_RUN, tmp_path / "run")
    result = call(KINDS["table_vae"](tmp_path))
    assert result.returncode == 0, result.stderr
    assert_as_kept(results(tmp_path / "run"), "table_vae")
