import csv
import dataclasses
import io
import json

import pytest

from run_folder_fixture import table_of, write_run
from tools.report.tables import auroc_matrix, csv_text, fixed, json_value, printed_table
from tools.scores.ensemble import STATISTICS

COLUMNS = (
    "train_dataset,dataset,score,statistic,n_members,n_in,n_out,auroc,auroc_low,auroc_high,"
    "ap,ap_in,fpr95,fpr99"
)
PRINTED = """\
iwae (importance-weighted log likelihood, nats; higher = more normal)
dataset  statistic     n_in  n_out        auroc [low, high]      ap   ap_in   fpr95   fpr99
near     single          12     12  0.1234 [0.1000, 1.0000]  1.0000  0.5000  0.0001  0.0000
near     mean            12     12  0.1234 [0.1000, 1.0000]  1.0000  0.5000  0.0001  0.0000
near     variance        12     12  0.1234 [0.1000, 1.0000]  1.0000  0.5000  0.0001  0.0000
near     waic            12     12  0.1234 [0.1000, 1.0000]  1.0000  0.5000  0.0001  0.0000
near     mixture         12     12  0.1234 [0.1000, 1.0000]  1.0000  0.5000  0.0001  0.0000
near     disagreement    12     12  0.1234 [0.1000, 1.0000]  1.0000  0.5000  0.0001  0.0000
far      single          12     12  0.1234 [0.1000, 1.0000]  1.0000  0.5000  0.0001  0.0000
far      mean            12     12  0.1234 [0.1000, 1.0000]  1.0000  0.5000  0.0001  0.0000
far      variance        12     12  0.1234 [0.1000, 1.0000]  1.0000  0.5000  0.0001  0.0000
far      waic            12     12  0.1234 [0.1000, 1.0000]  1.0000  0.5000  0.0001  0.0000
far      mixture         12     12  0.1234 [0.1000, 1.0000]  1.0000  0.5000  0.0001  0.0000
far      disagreement    12     12  0.1234 [0.1000, 1.0000]  1.0000  0.5000  0.0001  0.0000

AUROC of iwae
dataset  single    mean  variance    waic  mixture  disagreement
near     0.1234  0.1234    0.1234  0.1234   0.1234        0.1234
far      0.1234  0.1234    0.1234  0.1234   0.1234        0.1234
"""


@pytest.fixture
def table(tmp_path):
    return table_of(write_run(tmp_path, examples=12))


def with_metrics(table, **metrics):
    rows = tuple(dataclasses.replace(row, **metrics) for row in table.rows if row.score == "iwae")
    return dataclasses.replace(table, rows=rows, score_keys=("iwae",))


def test_printed_table_is_aligned_and_ends_with_the_matrix(table):
    metrics = {"auroc": 0.12341, "auroc_low": 0.1, "auroc_high": 1.0, "ap": 0.99999}
    metrics |= {"ap_in": 0.5, "fpr95": 8.6e-05, "fpr99": 0.0}
    assert printed_table(with_metrics(table, **metrics)) == PRINTED


def test_each_score_has_a_block_and_the_first_one_the_matrix(table):
    titles = [block.splitlines()[0] for block in printed_table(table).split("\n\n")]
    assert [title.split(" (")[0] for title in titles] == ["iwae", "rate", "AUROC of iwae"]


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
    assert [rule["source"] for rule in value["flagged"]] == ["calibration", "calibration"]


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
