import csv
import dataclasses
import io
import json

import pytest

from run_folder_fixture import change_manifest, table_of, write_run
from tools.report.tables import auroc_matrix, csv_text, fixed, json_value, printed_table
from tools.scores.ensemble_statistics import STATISTICS
from tools.scores.finished_run import read_run

COLUMNS = (
    "train_dataset,dataset,score,statistic,n_members,n_in,n_out,auroc,auroc_low,auroc_high,"
    "ap,ap_in,fpr95,fpr99"
)
PRINTED = """\
Scores named before this run
dataset  score      n_in  n_out        auroc [low, high]      ap   ap_in   fpr95   fpr99
near     iwae mean    12     12  0.1234 [0.1000, 1.0000]  1.0000  0.5000  0.0001  0.0000
near     iwae waic    12     12  0.1234 [0.1000, 1.0000]  1.0000  0.5000  0.0001  0.0000
far      iwae mean    12     12  0.1234 [0.1000, 1.0000]  1.0000  0.5000  0.0001  0.0000
far      iwae waic    12     12  0.1234 [0.1000, 1.0000]  1.0000  0.5000  0.0001  0.0000

Highest worst AUROC, flips apart: iwae single, 0.1234 [0.1000, 1.0000] on near
AUROC               worst    mean  s/1000    near     far
iwae single        0.1234  0.1234    15.5  0.1234  0.1234
iwae mean          0.1234  0.1234    15.5  0.1234  0.1234
iwae variance      0.1234  0.1234    15.5  0.1234  0.1234
iwae waic          0.1234  0.1234    15.5  0.1234  0.1234
iwae mixture       0.1234  0.1234    15.5  0.1234  0.1234
iwae disagreement  0.1234  0.1234    15.5  0.1234  0.1234
"""


@pytest.fixture
def table(tmp_path):
    return table_of(write_run(tmp_path, examples=12))


def with_metrics(table, **metrics):
    rows = tuple(dataclasses.replace(row, **metrics) for row in table.rows if row.score == "iwae")
    return dataclasses.replace(table, rows=rows, score_keys=("iwae",))


def test_printed_table_is_aligned_and_ends_with_all_scores(table):
    table.run.folder.update_manifest(costs={"sampling": 15.49})
    metrics = {"auroc": 0.12341, "auroc_low": 0.1, "auroc_high": 1.0, "ap": 0.99999}
    metrics |= {"ap_in": 0.5, "fpr95": 8.6e-05, "fpr99": 0.0}
    table = dataclasses.replace(table, run=read_run(table.run.folder, ["iwae"]))
    assert printed_table(with_metrics(table, **metrics)) == PRINTED


def test_what_was_published_of_the_training_set_stands_below(tmp_path):
    folder = write_run(tmp_path)
    for part in ("scores", "pictures"):
        for old, new in (("digits", "mnist"), ("far", "hflip")):
            (folder.path / part / f"{old}.npz").rename(folder.path / part / f"{new}.npz")
    change_manifest(folder, in_distribution="mnist", out_of_distribution=["near", "hflip"])
    lines = printed_table(table_of(folder)).splitlines()
    (dose,) = (line for line in lines if line.startswith("published: DoSE"))
    assert dose.endswith(" 0.810")


def test_without_draws_there_is_no_interval(tmp_path):
    table = table_of(write_run(tmp_path), draws=0)
    assert "[" not in printed_table(table)
    for row in csv.DictReader(io.StringIO(csv_text(table))):
        assert row["auroc_low"] == row["auroc_high"] == ""
    assert json_value(table)["rows"][0]["auroc_low"] is None


def test_csv_has_the_columns_of_the_design_and_six_digits(table):
    header, first, *rest = csv_text(with_metrics(table, auroc=8.6e-05, ap=1.0)).splitlines()
    assert header == COLUMNS
    assert first.split(",")[:8] == ["digits", "near", "iwae", "single", "3", "12", "12", "0.000086"]
    assert first.split(",")[10] == "1.000000"
    assert len(rest) == 2 * len(STATISTICS) - 1


def test_csv_quotes_names_with_commas(table):
    text = csv_text(with_metrics(table, dataset='a,"b"'))
    assert next(csv.DictReader(io.StringIO(text)))["dataset"] == 'a,"b"'


def test_json_is_strict_and_holds_the_rows_of_the_csv(table):
    value = json.loads(json.dumps(json_value(table), allow_nan=False))
    assert value["ddof"] == 0
    assert value["likelihood"] == "bernoulli"
    assert value["bootstrap"] == {"draws": 50, "confidence": 0.95, "seed": 0}
    assert value["missing"] == {"lost": "no source answered"}
    for row, line in zip(value["rows"], csv.DictReader(io.StringIO(csv_text(table))), strict=True):
        assert list(row) == [*COLUMNS.split(","), "spread"]
        assert f"{row['fpr95']:.6f}" == line["fpr95"]
        assert (row["spread"] is None) == (row["statistic"] != "single")
    rules = [(rule["score"], rule["statistic"], rule["source"]) for rule in value["flagged"]]
    assert rules == [
        ("iwae", "waic", "calibration"),
        ("iwae", "mean", "calibration"),
        ("elbo", "mean", "calibration"),
    ]


def test_one_member_has_no_spread(tmp_path):
    value = json_value(table_of(write_run(tmp_path, members=1)))
    assert {row["spread"] for row in value["rows"]} == {None}


def test_matrix_holds_each_cell_once(table):
    matrix = auroc_matrix(table, "rate")
    assert list(matrix) == ["near", "far"]
    for dataset, rows in matrix.items():
        assert tuple(rows) == STATISTICS
        for statistic, row in rows.items():
            assert (row.dataset, row.score, row.statistic) == (dataset, "rate", statistic)


@pytest.mark.parametrize(
    ("number", "text"), [(8.6e-05, "0.0001"), (1, "1.0000"), (0.99996, "1.0000"), (0, "0.0000")]
)
def test_numbers_are_fixed_point(number, text):
    assert fixed(number) == text
