import csv
import dataclasses
import io
import json

import pytest

from run_folder_fixture import table_of, write_run
from tools.analysis.run_analysis import SECTIONS, metrics_json
from tools.analysis.sections.all_metrics import metrics_csv, section
from tools.report.text_lines import fixed
from tools.scores.ensemble_statistics import STATISTICS

COLUMNS = (
    "train_dataset,dataset,score,statistic,n_members,n_in,n_out,auroc,auroc_low,auroc_high,"
    "ap,ap_in,fpr95,fpr99"
)


@pytest.fixture
def table(tmp_path):
    return table_of(write_run(tmp_path, examples=20))


def with_metrics(table, **metrics):
    rows = tuple(dataclasses.replace(row, **metrics) for row in table.rows if row.score == "iwae")
    return dataclasses.replace(table, rows=rows, score_keys=("iwae",))


def json_value(table):
    return metrics_json(table, [section(table) for section in SECTIONS])


def test_every_row_is_in_the_report_to_be_sorted(table):
    *_, shown = section(table).blocks[0].blocks
    assert shown.is_sortable
    assert len(shown.rows) == len(table.rows)
    assert {len(cells) for cells in shown.rows} == {len(shown.heads)} == {12}
    for cells, row in zip(shown.rows, table.rows, strict=True):
        assert cells[:3] == [row.dataset, row.score, row.statistic]
        assert cells[5] == fixed(row.auroc)
        assert (cells[7] == "") == (row.statistic != "single")


def test_intervals_are_explained(table, tmp_path):
    _, note, _ = section(table).blocks[0].blocks
    assert "stratified bootstrap of 50 draws" in note.words
    _, note, _ = section(table_of(write_run(tmp_path / "b"), draws=0)).blocks[0].blocks
    assert "No intervals: the bootstrap had 0 draws" in note.words


def test_without_draws_there_is_no_interval(tmp_path):
    table = table_of(write_run(tmp_path), draws=0)
    for row in csv.DictReader(io.StringIO(metrics_csv(table))):
        assert row["auroc_low"] == row["auroc_high"] == ""
    assert json_value(table)["rows"][0]["auroc_low"] is None


def test_csv_has_the_columns_of_the_design_and_six_digits(table):
    header, first, *rest = metrics_csv(with_metrics(table, auroc=8.6e-05, ap=1.0)).splitlines()
    assert header == COLUMNS
    assert first.split(",")[:8] == ["digits", "near", "iwae", "single", "3", "20", "20", "0.000086"]
    assert first.split(",")[10] == "1.000000"
    assert len(rest) == 2 * len(STATISTICS) - 1


def test_csv_quotes_names_with_commas(table):
    text = metrics_csv(with_metrics(table, dataset='a,"b"'))
    assert next(csv.DictReader(io.StringIO(text)))["dataset"] == 'a,"b"'


def test_json_is_strict_and_holds_the_rows_of_the_csv(table):
    value = json.loads(json.dumps(json_value(table), allow_nan=False))
    assert value["ddof"] == 0
    assert value["likelihood"] == "bernoulli"
    assert value["bootstrap"] == {"draws": 50, "confidence": 0.95, "seed": 0}
    assert value["missing"] == {"lost": "no source answered"}
    for row, line in zip(
        value["rows"], csv.DictReader(io.StringIO(metrics_csv(table))), strict=True
    ):
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
