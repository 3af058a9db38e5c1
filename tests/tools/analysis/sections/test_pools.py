import csv

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from run_folder_fixture import write_run
from tools.analysis.run_analysis import ensemble_analysis
from tools.analysis.sections.pools import HEADS, pool_rows, section
from tools.errors import InputError
from tools.report.text_lines import fixed
from tools.scores.detection import AnalysisOptions
from tools.scores.finished_run import read_run


def test_each_ensemble_is_one_of_disjoint_members(tmp_path):
    run = read_run(write_run(tmp_path, members=7), ["iwae"])
    rows = {(row.dataset, row.statistic): row for row in pool_rows(run, ["iwae"], 3)}
    row = rows["near", "waic"]
    assert (row.n_pools, row.n_members, row.score) == (3, 2, "iwae")
    aurocs = []
    for members in ([0, 1], [2, 3], [4, 5]):  # the seventh is left over
        inside, outside = (
            run.scores[name].scores["iwae"][members].astype(float) for name in ("digits", "near")
        )
        scores = [values.var(axis=0) - values.mean(axis=0) for values in (inside, outside)]
        aurocs.append(roc_auc_score(np.repeat([0, 1], 40), np.concatenate(scores)))
    assert row.auroc == pytest.approx(np.mean(aurocs))
    assert row.auroc_sd == pytest.approx(np.std(aurocs, ddof=1))
    assert (row.auroc_min, row.auroc_max) == pytest.approx((min(aurocs), max(aurocs)))


def test_single_is_the_mean_over_the_members_of_an_ensemble(tmp_path):
    run = read_run(write_run(tmp_path, members=4), ["iwae"])
    rows = {(row.dataset, row.statistic): row for row in pool_rows(run, ["iwae"], 2)}
    aurocs = [
        roc_auc_score(np.repeat([0, 1], 40), -np.concatenate(pair))
        for pair in zip(
            *(run.scores[name].scores["iwae"] for name in ("digits", "near")), strict=True
        )
    ]
    assert rows["near", "single"].auroc == pytest.approx(np.mean(aurocs))
    assert rows["near", "single"].auroc_min == pytest.approx(
        min(np.mean([aurocs[:2], aurocs[2:]], axis=1))
    )


def test_one_pool_is_none_and_too_many_are_refused(tmp_path):
    run = read_run(write_run(tmp_path), ["iwae"])
    assert list(pool_rows(run, ["iwae"], 1)) == []
    with pytest.raises(InputError, match="--num_pools=4: the run has 3 members"):
        list(pool_rows(run, ["iwae"], 4))


def test_they_are_printed_written_and_in_the_report(tmp_path):
    folder = write_run(tmp_path, members=4)
    analysis = ensemble_analysis(folder.path, ["iwae"], AnalysisOptions(num_pools=2))
    rows = list(pool_rows(read_run(folder, ["iwae"]), ["iwae"], 2))
    with open(folder.path / "analysis" / "pools.csv", newline="") as file:
        written = list(csv.DictReader(file))
    assert len(written) == len(rows) == 2 * 6
    assert float(written[0]["auroc_sd"]) == pytest.approx(rows[0].auroc_sd, abs=1e-6)
    (shown,) = section(analysis.table).blocks
    assert shown.rows[0][:6] == ["near", "iwae", "single", "2", "2", fixed(rows[0].auroc)]
    assert len(shown.rows) == 12
    printed = analysis.text.partition("Spread over disjoint ensembles\n")[2].splitlines()
    assert printed[0].split() == list(HEADS)
    assert [line.split()[2] for line in printed[1:5]] == ["mean", "waic", "mean", "waic"]
    page = analysis.report.read_text("utf-8")
    assert 'id="pools"' in page
    assert all(cell in page for cell in shown.rows[0])
