"""Every scored example with its file, headline scores, p-value and flag: scores.csv."""

from collections.abc import Iterator

import numpy as np

from tools.analysis.section import Section
from tools.report.score_words import score_name
from tools.report.text_lines import csv_lines
from tools.scores.conformal import FALSE_ALARMS, p_values
from tools.scores.detection import DetectionTable
from tools.scores.example_names import ExampleName, read_example_names


def section(table: DetectionTable) -> Section:
    """Nothing is shown; the file is for people who look for one image. Tables have none."""
    if len(table.run.manifest.example_shape) != len(("height", "width", "channel")):
        return Section("Scored examples")
    names = [score_name(*pair) for pair in table.headlines]
    heads = ("set", "id", "path", *names, "p_value", "flagged", "copy_of")
    rows = [row for name in table.run.test_sets for row in _rows(table, name)]
    return Section("Scored examples", files={"scores.csv": csv_lines(heads, rows)})


def _rows(table: DetectionTable, dataset: str) -> Iterator[list[str | int | float]]:
    """The rows of a set, the most anomalous first."""
    ids, names = table.run.scores[dataset].ids, read_example_names(table.run, dataset)
    scores = [table.lines[dataset][pair][0] for pair in table.headlines]
    p = p_values(scores[0], table.calibration_scores)
    for row in np.argsort(-scores[0], kind="stable"):
        name = names.get(int(ids[row]), ExampleName())
        values = [float(f"{line[row]:.6g}") for line in scores]
        flagged = int(p[row] <= FALSE_ALARMS)
        yield [dataset, int(ids[row]), name.path, *values, f"{p[row]:.4g}", flagged, name.copy_of]
