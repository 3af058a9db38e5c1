import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from run_folder_fixture import write_run
from tools.scores.finished_run import read_run
from tools.scores.transfer import transfer_rows


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
