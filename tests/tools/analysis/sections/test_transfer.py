import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from run_folder_fixture import table_of, write_run
from tools.analysis.sections.transfer import TransferRow, section, transfer_rows, transfer_table
from tools.scores.finished_run import read_run


def test_each_member_says_what_it_makes_of_a_set_before_and_after(tmp_path):
    folder = write_run(tmp_path)
    folder.update_manifest(adversarial={"near": "far"})
    run = read_run(folder, ["iwae"])
    rows = list(transfer_rows(run, "iwae"))
    assert [(row.dataset, row.member, row.attacked) for row in rows] == [
        ("far", 0, True),
        ("far", 1, False),
        ("far", 2, False),
    ]
    values = {name: run.scores[name].scores["iwae"][1] for name in ("digits", "far", "near")}
    assert rows[1].before == pytest.approx(values["far"].mean(), rel=1e-5)
    assert rows[1].after == pytest.approx(values["near"].mean(), rel=1e-5)
    for name, auroc in (("far", rows[1].auroc_before), ("near", rows[1].auroc_after)):
        scores = -np.concatenate([values["digits"], values[name]])
        assert auroc == pytest.approx(roc_auc_score(np.repeat([0, 1], 40), scores))


def test_scores_that_are_high_for_anomalies_are_turned(tmp_path):
    folder = write_run(tmp_path)
    folder.update_manifest(adversarial={"near": "far"})
    run = read_run(folder, ["rate"])
    row = next(transfer_rows(run, "rate"))
    assert row.before == pytest.approx(-run.scores["far"].scores["rate"][0].mean(), rel=1e-5)


def test_a_run_without_attacks_has_no_rows(tmp_path):
    assert list(transfer_rows(read_run(write_run(tmp_path), ["iwae"]), "iwae")) == []


def test_the_table_marks_the_member_that_was_attacked():
    rows = [
        TransferRow("noise", "iwae", 0, True, -900.0, -300.25, 1.0, 0.75),
        TransferRow("noise", "iwae", 1, False, -910.0, -800.0, 1.0, 0.99),
    ]
    first, second = transfer_table(rows).rows
    assert first == ["noise", "0, attacked", "-900.0", "-300.2", "1.000", "0.750"]
    assert second[1] == "1"


def test_the_csv_has_all_fields(tmp_path):
    folder = write_run(tmp_path)
    assert section(table_of(folder)).files == {"transfer.csv": ""}
    folder.update_manifest(adversarial={"near": "far"})
    header, first, second, _ = section(table_of(folder)).files["transfer.csv"].splitlines()
    assert header == "dataset,score,member,attacked,before,after,auroc_before,auroc_after"
    assert first.startswith("far,iwae,0,True,-")
    assert second.split(",")[3] == "False"
