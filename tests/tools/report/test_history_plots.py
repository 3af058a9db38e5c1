import csv

import pytest

from html_page import Page
from tools.report.history_plots import history_curves, history_plots, history_section
from tools.report.text_lines import rows_csv
from tools.scores.detection_history import HistoryRow


def rows_of(key="iwae", steps=(500, 1000), n_members=2, variance=2.0):
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


def test_csv_has_a_line_per_row_and_no_auroc_of_the_test_set():
    rows = list(csv.DictReader(rows_csv(rows_of()).splitlines()))
    assert len(rows) == 12
    assert rows[0]["auroc"] == ""
    assert rows[3]["auroc"] == "0.800000"
    assert rows[3]["step"] == "500"


def test_each_score_has_a_picture_that_tells_its_ends():
    plots = history_plots([*rows_of(), *rows_of("rate")])
    assert [plot.name for plot in plots] == ["history_iwae", "history_rate"]
    assert "first and last step: noise 0.8000 to 0.7000." in plots[0].alt
    assert history_plots([]) == []


@pytest.mark.parametrize("changes", [{"steps": (500,)}, {"n_members": 1, "variance": 0.0}])
def test_one_step_or_one_member_can_be_drawn(changes):
    assert history_curves("iwae", rows_of(**changes)).startswith(b"\x89PNG")


def test_the_section_has_a_column_per_step_and_no_line_of_the_test_set():
    page = Page(str(history_section(rows_of())))
    assert page.text("th") == ["data set", "500", "1,000", "noise"]
    assert page.text("td") == ["0.8000", "0.7000"]
