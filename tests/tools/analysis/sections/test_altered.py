import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from run_folder_fixture import change_scores, table_of, write_run
from tools.analysis.run_analysis import ensemble_analysis
from tools.analysis.sections.altered import (
    AlteredRow,
    altered_blocks,
    altered_curves,
    altered_rows,
    by_kind,
    crossing,
    section,
)
from tools.scores.detection import AnalysisOptions
from tools.scores.ensemble_statistics import anomaly_scores
from tools.scores.finished_run import read_run
from tools.scores.score_files import read_scores, write_scores
from tools.scores.score_lines import calibration_thresholds, score_lines

NAMES = ["corruption.contrast.1", "corruption.contrast.3", "perturbation.snow.0"]


@pytest.fixture
def run(tmp_path):
    """A run with three altered sets, less and less likely."""
    folder = write_run(tmp_path)
    digits = read_scores(folder.scores("digits"))
    for loss, name in enumerate(NAMES):
        scores = {key: values[:, :20] - 5 * loss for key, values in digits.scores.items()}
        write_scores(folder.scores(name), scores, digits.ids[:20], {})
    folder.update_manifest(datasets=folder.manifest().entries["datasets"] | {"altered": NAMES})
    return read_run(folder, ["iwae"])


def rows_of_run(run, headlines):
    inside = score_lines(run, run.in_distribution, ["iwae"], 0)
    thresholds = calibration_thresholds(run, headlines)
    return list(altered_rows(run, inside, thresholds, headlines))


def test_rows_say_how_the_score_moves(run):
    rows = rows_of_run(run, [("iwae", "waic"), ("iwae", "mean")])
    assert [(row.group, row.kind, row.level) for row in rows[::2]] == [
        ("corruption", "contrast", 1),
        ("corruption", "contrast", 3),
        ("perturbation", "snow", 0),
    ]
    row = rows[2]
    waic = {
        name: anomaly_scores("iwae", run.scores[name].scores["iwae"])["waic"]
        for name in ("digits", "calibration", NAMES[1])
    }
    scores = waic[NAMES[1]]
    labels = np.repeat([0, 1], [40, 20])
    assert row.auroc == pytest.approx(roc_auc_score(labels, np.r_[waic["digits"], scores]))
    assert row.mean == pytest.approx(scores.mean())
    assert (row.low, row.high) == pytest.approx(tuple(np.quantile(scores, [0.05, 0.95])))
    assert row.threshold == np.sort(waic["calibration"])[38]  # p = 2 / 41 above it
    assert row.flagged == np.mean(scores > row.threshold)
    assert rows[0].mean < rows[2].mean < rows[4].mean


def test_a_score_at_the_threshold_is_not_flagged(run):
    headline = ("iwae", "mean")
    (scores,) = score_lines(run, NAMES[0], ["iwae"], 0)[headline]
    inside = score_lines(run, run.in_distribution, ["iwae"], 0)
    row = next(altered_rows(run, inside, {headline: scores.max()}, [headline]))
    assert row.flagged == 0


def test_without_altered_sets_there_are_no_rows(tmp_path):
    run = read_run(write_run(tmp_path), ["iwae"])
    assert rows_of_run(run, [("iwae", "waic")]) == []


def test_a_score_with_a_nan_in_an_altered_set_is_left_out(run):
    change_scores(run.folder, NAMES[0], lambda scores: scores | {"iwae": scores["iwae"] * np.nan})
    analysis = ensemble_analysis(run.folder.path, ["iwae", "rate"], AnalysisOptions())
    assert "iwae is left out" not in analysis.text
    assert "Left out: iwae: iwae of corruption.contrast.1" in analysis.text
    assert {row.score for row in analysis.table.rows} == {"rate"}


def rows_of(means, threshold=0.0, kind="snow"):
    return [
        AlteredRow("perturbation", kind, level, "iwae", "waic", 9, 0.5, mean, 0, 0, threshold, 0)
        for level, mean in enumerate(means)
    ]


def test_the_crossing_lies_on_the_line_between_two_levels():
    assert crossing(rows_of([-3.0, -1.0, 3.0, -5.0])) == pytest.approx(1.25)
    assert crossing(rows_of([-3.0, -2.0, 3.0])[1:]) == pytest.approx(1.4)
    assert crossing(rows_of([-3.0, -2.0, 3.0])[::2]) == pytest.approx(1.0)
    assert crossing(rows_of([1.0, 2.0])) == 0
    assert crossing(rows_of([-2.0, -1.0, 0.0])) is None


def test_rows_are_sorted_out_by_kind_and_level():
    rows = [*rows_of([1.0, 2.0])[::-1], *rows_of([5.0], kind="fog")]
    found = by_kind(rows)
    assert [key[0] for key in found] == ["fog", "snow"]
    assert [row.level for row in found["snow", "iwae", "waic"]] == [0, 1]


def report_rows(group, kind, means, score="iwae"):
    options = {"n": 9, "auroc": 0.75, "low": -2.0, "high": 5.0, "threshold": 1.0, "flagged": 0.25}
    return [
        AlteredRow(group, kind, level, score, "waic", mean=mean, **options)
        for level, mean in enumerate(means)
    ]


ROWS = [
    *report_rows("corruption", "fog", [0.0, 1.5]),
    *report_rows("corruption", "snow", [0.0, 3.0]),
    *report_rows("corruption", "fog", [0.0, 1.0], score="rate"),
    *report_rows("perturbation", "rotate", [0.0, 2.0]),
    *report_rows("perturbation", "tilt", [0.0, 0.5]),
]


def test_each_group_has_a_table_and_curves_of_the_first_score():
    corruptions, curves, perturbations, more_curves = altered_blocks(ROWS)
    plots = [*curves.plots, *more_curves.plots]
    assert [plot.name for plot in plots] == ["corruptions_iwae_waic", "perturbations_iwae_waic"]
    assert all(plot.png.startswith(b"\x89PNG") for plot in plots)
    assert "fog 0.750, snow 0.750." in plots[0].alt
    assert corruptions.heads == ("corruption", "score", "severity 0", "severity 1")
    assert len(corruptions.rows) == 3
    assert perturbations.rows[0] == ["rotate", "iwae waic", "0.5", "0.750", "0.250"]
    assert perturbations.rows[1][2] == "never"
    assert perturbations.heads[-1] == "flagged, step 1"


def test_more_kinds_make_a_higher_picture():
    def height(kinds):
        rows = {kind: report_rows("corruption", kind, [1.0, 2.0]) for kind in kinds}
        return int.from_bytes(altered_curves(rows, "severity", "iwae")[20:24])

    assert height("abcdefg") > height("ab")


def test_the_csv_has_all_fields(run):
    lines = section(table_of(run.folder)).files["altered.csv"].splitlines()
    assert lines[0].startswith("group,kind,level,score,statistic,n,auroc,mean,low,high,threshold")
    assert lines[1].startswith("corruption,contrast,1,iwae,waic,20,0.")
