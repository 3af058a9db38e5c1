"""AUROC before and after the matched filter, on made-up scores."""

import csv
import io

import numpy as np
import pytest

from run_folder_fixture import table_of, write_run
from tools.analysis.sections import altered
from tools.analysis.sections.matched_spectra import section
from tools.scores.score_files import read_scores, write_scores

NAMES = ["resampling.near.0", "resampling.near.1"]


@pytest.fixture
def folder(tmp_path):
    """A run whose set `near` becomes like the normal one: iwae falls, rate stays."""
    folder = write_run(tmp_path, examples=200)
    for name, source, raise_by in zip(NAMES, ("digits", "near"), (0, 8), strict=True):
        file = read_scores(folder.scores(source))
        scores = {key: values[:, 50:] for key, values in file.scores.items()}
        scores["iwae"] = scores["iwae"] + raise_by
        write_scores(folder.scores(name), scores, file.ids[50:], {})
    folder.update_manifest(datasets=folder.manifest().entries["datasets"] | {"altered": NAMES})
    return folder


def test_a_score_that_falls_by_more_than_its_interval_is_marked(folder):
    found = section(table_of(folder, draws=200))
    marks = {row[1]: row[-1] for row in found.blocks[0].rows}
    assert marks["iwae mean"] == "falls"
    assert marks["rate mean"] == ""
    assert "iwae single" not in marks
    assert "near      iwae waic" in found.text
    rows = list(csv.DictReader(io.StringIO(found.files["resampling.csv"])))
    iwae = next(row for row in rows if (row["score"], row["statistic"]) == ("iwae", "mean"))
    assert (iwae["n_in"], iwae["n_out"]) == ("150", "150")
    assert float(iwae["auroc"]) > 0.65 > 0.55 > float(iwae["matched"])
    assert float(iwae["change_high"]) < 0


def test_the_scores_as_files_are_are_of_the_same_images(folder):
    """A filter that changes nothing changes no AUROC."""
    file = read_scores(folder.scores("near"))
    scores = {key: values[:, 50:] for key, values in file.scores.items()}
    write_scores(folder.scores(NAMES[1]), scores, file.ids[50:], {})
    rows = csv.DictReader(io.StringIO(section(table_of(folder)).files["resampling.csv"]))
    assert all(row["auroc"] == row["matched"] for row in rows)


def test_a_simple_detector_has_its_rows(folder):
    for name in ("digits", "near", *NAMES):
        ids = read_scores(folder.scores(name)).ids
        values = np.where(name == "near", ids + 1e5, ids)  # which the filter makes equal again
        write_scores(
            folder.peer_scores("spectrum", name), {"spectrum": values[np.newaxis]}, ids, {}
        )
    rows = csv.DictReader(io.StringIO(section(table_of(folder, draws=50)).files["resampling.csv"]))
    spectrum = next(row for row in rows if row["score"] == "spectrum")
    assert float(spectrum["auroc"]) == 1 > float(spectrum["matched"])
    assert float(spectrum["change_high"]) < 0


def test_a_detector_that_scored_other_images_has_none(folder):
    for name in ("digits", "near", *NAMES):
        ids = read_scores(folder.scores(name)).ids[5:]
        write_scores(folder.peer_scores("other", name), {"other": ids[np.newaxis]}, ids, {})
    assert ",other," not in section(table_of(folder)).files["resampling.csv"]


def test_without_draws_nothing_is_marked(folder):
    found = section(table_of(folder, draws=0))
    assert {row[-1] for row in found.blocks[0].rows} == {""}


def test_without_matched_sets_there_is_no_section(tmp_path):
    assert section(table_of(write_run(tmp_path))).files == {"resampling.csv": ""}


def test_matched_sets_are_no_corruptions(folder):
    assert not altered.section(table_of(folder)).blocks
