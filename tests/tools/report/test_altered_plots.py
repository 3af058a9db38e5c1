from tools.report.altered_plots import altered_plots, altered_section, curves
from tools.report.text_lines import rows_csv
from tools.scores.altered_scores import AlteredRow


def rows_of(group, kind, means, score="iwae"):
    options = {"n": 9, "auroc": 0.75, "low": -2.0, "high": 5.0, "threshold": 1.0, "flagged": 0.25}
    return [
        AlteredRow(group, kind, level, score, "waic", mean=mean, **options)
        for level, mean in enumerate(means)
    ]


ROWS = [
    *rows_of("corruption", "fog", [0.0, 1.5]),
    *rows_of("corruption", "snow", [0.0, 3.0]),
    *rows_of("perturbation", "rotate", [0.0, 2.0]),
    *rows_of("perturbation", "tilt", [0.0, 0.5]),
]


def test_each_group_has_a_plot_of_the_first_score():
    plots = altered_plots([*ROWS, *rows_of("corruption", "fog", [0.0, 1.0], score="rate")])
    assert [plot.name for plot in plots] == ["corruptions_iwae_waic", "perturbations_iwae_waic"]
    assert all(plot.png.startswith(b"\x89PNG") for plot in plots)
    assert "fog 0.7500, snow 0.7500" in plots[0].alt
    assert altered_plots([]) == []


def test_more_kinds_make_a_higher_picture():
    def height(kinds):
        png = curves({kind: rows_of("corruption", kind, [1.0, 2.0]) for kind in kinds}, "s", "iwae")
        return int.from_bytes(png[20:24])

    assert height("abcdefg") > height("ab")


def test_the_section_has_severities_and_crossings():
    text = str(altered_section(ROWS))
    assert "severity 0" in text
    assert "severity 1" in text
    assert "0.5</td>" in text  # rotate crosses halfway between step 0 and 1
    assert "never" in text
    assert "AUROC, step 1" in text


def test_the_csv_has_all_fields():
    lines = rows_csv(ROWS).splitlines()
    assert lines[0].startswith("group,kind,level,score,statistic,n,auroc,mean,low,high,threshold")
    assert (
        lines[2]
        == "corruption,fog,1,iwae,waic,9,0.750000,1.500000,-2.000000,5.000000,1.000000,0.250000"
    )
