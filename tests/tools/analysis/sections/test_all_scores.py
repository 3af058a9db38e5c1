"""The scores of a run in order of their worst AUROC, with costs and what was published."""

import dataclasses

import pytest

from run_folder_fixture import change_manifest, table_of, write_run
from tools.analysis.sections.all_scores import section
from tools.analysis.sections.verdict import headline_text
from tools.scores.comparison import had_part_in_choice
from tools.scores.finished_run import read_run
from tools.scores.ranking import ranking_of

HEADLINES = """\
Scores named before this run
dataset  score      n_in  n_out     auroc [low, high]       ap  ap_in  fpr95  fpr99
near     iwae mean    12     12  0.123 [0.100, 1.000]  0.99999  0.500  0.000  0.000
near     iwae waic    12     12  0.123 [0.100, 1.000]  0.99999  0.500  0.000  0.000
far      iwae mean    12     12  0.123 [0.100, 1.000]  0.99999  0.500  0.000  0.000
far      iwae waic    12     12  0.123 [0.100, 1.000]  0.99999  0.500  0.000  0.000
"""
RANKING = """\
Highest worst AUROC, mirrored images not counted: iwae single, 0.123 [0.100, 1.000] on near
AUROC              worst   mean  s/1000   near    far
iwae single        0.123  0.123    15.5  0.123  0.123
iwae mean          0.123  0.123    15.5  0.123  0.123
iwae variance      0.123  0.123    15.5  0.123  0.123
iwae waic          0.123  0.123    15.5  0.123  0.123
iwae mixture       0.123  0.123    15.5  0.123  0.123
iwae disagreement  0.123  0.123    15.5  0.123  0.123
"""


@pytest.fixture
def table(tmp_path):
    """Every metric is the same of all rows, and the sampling pass has a cost."""
    folder = write_run(tmp_path, examples=12)
    folder.update_manifest(costs={"sampling": 15.49})
    table = table_of(folder)
    metrics = {"auroc": 0.12341, "auroc_low": 0.1, "auroc_high": 1.0, "ap": 0.99999}
    metrics |= {"ap_in": 0.5, "fpr95": 8.6e-05, "fpr99": 0.0}
    rows = tuple(dataclasses.replace(row, **metrics) for row in table.rows if row.score == "iwae")
    run = read_run(folder, ["iwae"])
    return dataclasses.replace(table, run=run, rows=rows, score_keys=("iwae",), draws={})


def test_the_print_is_aligned(table):
    assert headline_text(table) == HEADLINES
    assert section(table).text == RANKING


def test_without_draws_no_interval_is_printed(tmp_path):
    table = table_of(write_run(tmp_path), draws=0)
    assert "[" not in headline_text(table) + section(table).text


def test_what_was_published_of_the_training_set_stands_below(tmp_path):
    folder = write_run(tmp_path)
    for part in ("scores", "pictures"):
        for old, new in (("digits", "mnist"), ("far", "hflip")):
            (folder.path / part / f"{old}.npz").rename(folder.path / part / f"{new}.npz")
    change_manifest(folder, in_distribution="mnist", out_of_distribution=["near", "hflip"])
    table = table_of(folder)
    (dose,) = (n for n in section(table).text.splitlines() if n.startswith("published: DoSE"))
    assert dose.endswith(" 0.810")
    last = [cells for cells in section(table).blocks[0].rows if "DoSE" in cells[0]]
    assert [cells[-1] for cells in last] == ["0.810"]


def test_the_report_ranks_and_colours(tmp_path):
    table = table_of(write_run(tmp_path), draws=0)
    (shown,) = section(table).blocks
    ranked = ranking_of(table)
    assert [cells[0] for cells in shown.rows] == [f"{s.score} {s.statistic}" for s in ranked]
    assert all(cell.tint for cells in shown.rows for cell in cells[4:])


def test_fitted_scores_are_explained(tmp_path):
    _, folded = section(table_of(write_run(tmp_path), keys=("iwae", "typicality"))).blocks
    (meanings,) = folded.blocks
    assert list(meanings.values) == ["typicality"]
    assert "distance of log p(x)" in meanings.values["typicality"]


def test_what_cannot_be_told_from_the_first_is_marked(tmp_path):
    table = table_of(write_run(tmp_path), draws=100)
    lines = section(table).text.splitlines()
    assert lines[1].startswith("~: cannot be told from the first")
    assert "~ " in lines[3]
    ranked = section(table).blocks[0]
    marked = [row[0] for row in ranked.rows if row[1].startswith("~ ")]
    assert ranked.rows[0][0] in marked
    assert len(marked) < len(ranked.rows)


def test_a_figure_that_had_a_part_in_choosing_the_score_is_grey(tmp_path):
    table = table_of(write_run(tmp_path), keys=("iwae", "typicality", "mean_and_variance"))
    rows = {row.score: row for row in table.rows if row.dataset == "near"}
    assert not had_part_in_choice(table.run, rows["mean_and_variance"])
    credit = dataclasses.replace(table.run, in_distribution="creditcard")
    assert not had_part_in_choice(credit, rows["mean_and_variance"])  # a set of one's own
    frauds = dataclasses.replace(
        credit, manifest=dataclasses.replace(credit.manifest, anomalies=("near",))
    )
    assert had_part_in_choice(frauds, rows["mean_and_variance"])
    assert not had_part_in_choice(frauds, rows["typicality"])
    ranked = section(dataclasses.replace(table, run=frauds)).blocks[0]
    column = ranked.heads.index("near")
    (name,) = (row[0] for row in ranked.rows if row[column].is_grey)
    assert (name.text, name.note) == ("mean_and_variance", "chosen by figures on creditcard")
