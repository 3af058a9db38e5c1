from run_folder_fixture import change_scores, table_of, write_run
from tools.analysis.sections.member_statistics import auroc_matrix, section
from tools.scores.ensemble_statistics import STATISTICS


def test_matrix_holds_each_cell_once(tmp_path):
    matrix = auroc_matrix(table_of(write_run(tmp_path)), "rate")
    assert list(matrix) == ["near", "far"]
    for dataset, rows in matrix.items():
        assert tuple(rows) == STATISTICS
        for statistic, row in rows.items():
            assert (row.dataset, row.score, row.statistic) == (dataset, "rate", statistic)


def test_each_score_of_the_members_has_a_table_that_ends_with_means(tmp_path):
    iwae, _, folded = section(table_of(write_run(tmp_path))).blocks
    (rate,) = folded.blocks
    assert "iwae (importance-weighted" in iwae.caption
    for table in (iwae, rate):
        assert [cells[0] for cells in table.rows] == ["near", "far"]
        near, far = ([float(cell.text) for cell in cells[1:]] for cells in table.rows)
        for cell, *pair in zip(table.foot[1:], near, far, strict=True):
            assert abs(float(cell) - sum(pair) / 2) < 1.1e-3


def test_values_are_drawn_and_variances_where_there_is_more_than_one_member(tmp_path):
    names = [plot.name for plot in section(table_of(write_run(tmp_path / "a"))).plots]
    assert names == ["histogram_iwae", "variance_iwae"]
    alone = section(table_of(write_run(tmp_path / "b", members=1)))
    assert [plot.name for plot in alone.plots] == ["histogram_iwae"]


def test_fitted_scores_have_no_statistics(tmp_path):
    folder = write_run(tmp_path)
    for name in ("digits", "calibration", "near", "far"):
        change_scores(folder, name, dict)
    assert section(table_of(folder, keys=("typicality",))).blocks == ()
