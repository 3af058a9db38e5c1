import csv

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from input_errors import message_of
from run_folder_fixture import TEST_SETS, change_scores, table_of, write_run
from tools.analysis.sections.history import (
    HistoryRow,
    history_blocks,
    history_curves,
    history_rows,
    section,
)
from tools.scores.ensemble_statistics import STATISTICS
from tools.scores.finished_run import read_run
from tools.scores.score_files import read_scores, write_scores

STEPS = (10, 30)


@pytest.fixture
def folder(tmp_path):
    """A run that was better at step 30: its scores of step 10 are those of other rows."""
    folder = write_run(tmp_path)
    for step in STEPS:
        for name in TEST_SETS:
            file = read_scores(folder.scores(name))
            scores = {key: values[:, ::-1] * step for key, values in file.scores.items()}
            write_scores(folder.history(step).scores(name), scores, file.ids, {})
    folder.update_manifest(history={"steps": list(STEPS)})
    return folder


def rows_of(folder, keys=("iwae",)):
    return list(history_rows(read_run(folder, ["iwae"]), keys))


def test_rows_are_by_step_score_set_and_statistic(folder):
    rows = rows_of(folder, ("iwae", "rate", "likelihood_residual"))
    assert [(row.step, row.score, row.dataset, row.statistic) for row in rows] == [
        (step, key, name, statistic)
        for step in STEPS
        for key in ("iwae", "rate")
        for name in TEST_SETS
        for statistic in STATISTICS
    ]
    assert {(row.n_members, row.n) for row in rows} == {(3, 40)}


def test_numbers_are_those_of_the_step(folder):
    by_name = {(row.step, row.dataset, row.statistic): row for row in rows_of(folder)}
    files = [read_scores(folder.history(30).scores(name)) for name in ("digits", "near")]
    inside, near = (file.scores["iwae"].astype(float) for file in files)
    labels = np.repeat([0, 1], 40)
    row = by_name[30, "near", "mean"]
    assert row.mean == pytest.approx(-near.mean())
    scores = -np.concatenate([inside.mean(axis=0), near.mean(axis=0)])
    assert row.auroc == pytest.approx(roc_auc_score(labels, scores))
    members = [
        roc_auc_score(labels, -np.concatenate(pair)) for pair in zip(inside, near, strict=True)
    ]
    assert by_name[30, "near", "single"].auroc == pytest.approx(np.mean(members))
    variance = by_name[30, "far", "variance"].mean
    assert variance == pytest.approx(9 * by_name[10, "far", "variance"].mean, rel=1e-5)
    assert by_name[10, "digits", "mean"].auroc is None


def test_a_run_without_steps_has_no_rows(tmp_path):
    assert rows_of(write_run(tmp_path)) == []


def test_files_of_other_members_or_with_nan_are_refused(folder):
    step = folder.history(10)
    change_scores(step, "near", lambda scores: {"iwae": np.full_like(scores["iwae"], np.nan)})
    assert "iwae of near at step 10" in message_of(rows_of, folder)
    change_scores(step, "near", lambda scores: {"iwae": scores["iwae"][:2]})
    assert "has 2 members, the run 3" in message_of(rows_of, folder)
    step.scores("near").unlink()
    assert f"{step.scores('near')} is missing" in message_of(rows_of, folder)


def made_up_rows(key="iwae", steps=(500, 1000), n_members=2, variance=2.0):
    """A set that is lost in the course of training, beside the normal one."""
    return [
        HistoryRow(
            step,
            dataset,
            key,
            statistic,
            n_members,
            n=9,
            auroc=None if dataset == "digits" else 0.9 - step / 5000,
            mean=variance if statistic == "variance" else 4000.0 - 3 * step,
        )
        for step in steps
        for dataset in ("digits", "noise")
        for statistic in ("mean", "variance", "waic")
    ]


def test_csv_has_a_line_per_row_and_no_auroc_of_the_test_set(folder):
    text = section(table_of(folder)).files["history.csv"]
    rows = list(csv.DictReader(text.splitlines()))
    assert len(rows) == 2 * 2 * 3 * len(STATISTICS)
    assert {row["auroc"] == "" for row in rows if row["dataset"] == "digits"} == {True}
    assert {row["auroc"] == "" for row in rows if row["dataset"] != "digits"} == {False}
    assert rows[0]["step"] == "10"


def test_each_score_has_a_picture_that_tells_its_ends():
    _, gallery = history_blocks([*made_up_rows(), *made_up_rows("rate")])
    assert [plot.name for plot in gallery.plots] == ["history_iwae", "history_rate"]
    assert "first and last step: noise 0.800 to 0.700." in gallery.plots[0].alt


@pytest.mark.parametrize("changes", [{"steps": (500,)}, {"n_members": 1, "variance": 0.0}])
def test_one_step_or_one_member_can_be_drawn(changes):
    assert history_curves("iwae", made_up_rows(**changes)).startswith(b"\x89PNG")


def test_the_table_has_a_column_per_step_and_no_row_of_the_test_set():
    aurocs, _ = history_blocks(made_up_rows())
    assert aurocs.heads == ("data set", "500", "1,000")
    assert aurocs.rows == [["noise", "0.800", "0.700"]]
