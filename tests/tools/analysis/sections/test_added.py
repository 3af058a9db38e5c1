"""What the ensemble adds to simple detectors, in words and as a table."""

import csv
import io

import numpy as np
import pytest

from run_folder_fixture import table_of, write_run
from tools.analysis.sections.added import added_words, section, shares_unlike
from tools.scores.calibrated import is_unlike_all
from tools.scores.finished_run import read_run
from tools.scores.score_files import read_scores, write_scores
from tools.scores.score_registry import INPUT_PROPERTIES


@pytest.fixture
def folder(tmp_path):
    """A run with a floor that knows `near` and not `far`."""
    folder = write_run(tmp_path)
    for name, shift in {"digits": 0, "near": 9, "far": 0}.items():
        ids = read_scores(folder.scores(name)).ids
        values = np.random.default_rng(len(name)).normal(shift, 1, (1, len(ids)))
        write_scores(
            folder.peer_scores("pca_neighbours", name), {"pca_neighbours": values}, ids, {}
        )
    return folder


def test_the_first_words_say_where_it_adds_nothing(folder):
    words = added_words(table_of(folder, draws=100))
    assert words.startswith(
        "Against the best simple detector of each of 2 sets, iwae waic is better on 1 (far) and is"
        " worse on 1 (near). On the hardest set it finds"
    )
    assert "of near at 5 % false alarms, worse than the best simple detector, nearest" in words


def test_labelled_anomalies_alone_are_told_of(folder):
    folder.update_manifest(anomalies=["far"])
    table = table_of(folder, draws=100)
    assert added_words(table).startswith("iwae waic finds 100% of far at 5 % false alarms, better")


def test_what_cannot_be_told_apart_adds_nothing(folder):
    ids = read_scores(folder.scores("far")).ids
    values = np.full((1, len(ids)), 1e3)
    write_scores(folder.peer_scores("pca_neighbours", "far"), {"pca_neighbours": values}, ids, {})
    table = table_of(folder, draws=100)
    assert "adds nothing that these examples show on 1 (far) and is worse on 1 (near)" in (
        added_words(table)
    )
    folder.update_manifest(anomalies=["far"])
    assert "and adds nothing that these examples show over the best simple detector" in (
        added_words(table_of(folder, draws=100))
    )


def test_the_table_has_a_row_per_set_and_says_whom_the_choice_favours(folder):
    found = section(table_of(folder, draws=100))
    table, note = found.blocks
    assert [row[0] for row in table.rows] == ["near", "far"]
    assert table.rows[0][3] == "pca_neighbours"
    assert "in its favour" in note.words
    near, far = csv.DictReader(io.StringIO(found.files["added.csv"]))
    difference = float(near["auroc"]) - float(near["floor_auroc"])
    assert float(near["difference"]) == pytest.approx(difference, abs=2e-6)
    assert float(near["difference_low"]) < float(near["difference"]) < 0
    assert (far["floor"], far["is_best"]) == ("pca_neighbours", "True")
    assert "What the ensemble adds: iwae waic\ndata set" in found.text


def test_without_draws_there_is_no_interval(folder):
    found = section(table_of(folder, draws=0))
    (near, _) = csv.DictReader(io.StringIO(found.files["added.csv"]))
    assert near["difference_low"] == near["difference_high"] == ""


def test_without_floors_there_is_no_section(tmp_path):
    found = section(table_of(write_run(tmp_path)))
    assert not found.blocks
    assert found.files == {"added.csv": ""}


def test_images_unlike_all_calibration_images_are_counted(folder):
    random = np.random.default_rng(0)
    for name in ("digits", "calibration", "near", "far"):
        ids = read_scores(folder.scores(name)).ids
        made = {
            key: random.normal(20 * (name == "far"), 1, (1, len(ids))) for key in INPUT_PROPERTIES
        }
        write_scores(folder.inputs(name), made, ids, {})
    run = read_run(folder, ["iwae"])
    found = shares_unlike(run)
    assert found["far"] == 1
    lines = {
        name: np.concatenate([run.inputs[name].scores[key] for key in INPUT_PROPERTIES])
        for name in ("calibration", "near")
    }
    assert found["near"] == is_unlike_all(lines["calibration"])(lines["near"]).mean()
