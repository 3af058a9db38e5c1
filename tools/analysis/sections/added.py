"""What the ensemble adds: its headline score beside the best simple detector of each set."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tools.analysis.section import Section
from tools.report.blocks import Table, Text
from tools.report.score_words import score_name
from tools.report.text_lines import aligned, fixed, rows_csv, signed
from tools.run.run_folder import CALIBRATION
from tools.scores.calibrated import is_unlike_all
from tools.scores.comparison import Gain, best_floors, gains
from tools.scores.conformal import stacked
from tools.scores.detection import DetectionTable
from tools.scores.finished_run import FinishedRun
from tools.scores.floors import FLOOR_WORDS
from tools.scores.ranking import FLIPS
from tools.scores.score_registry import INPUT_PROPERTIES

TITLE = "What the ensemble adds"
NOTE = (
    "The best simple detector of each set is the one with the highest AUROC on that very set, which"
    " is in its favour; the score of the ensemble was named before this run. Simple detectors have"
    " no generative model and were fitted on the same training examples. Difference: AUROC of the"
    " score minus that of the detector, with a 95 % interval over the same resampled examples."
)
UNLIKE = (
    "Unlike: share of images whose complexity, bias, brightness and variation lie further from"
    " their mean than those of all calibration images. Of these images likelihood_residual excuses"
    " no low likelihood by their properties, which by themselves tell them apart."
)
HEADS = ("data set", "AUROC", "found", "best simple detector", "its AUROC", "difference")


@dataclass(frozen=True)
class AddedRow:
    """A set and a simple detector, fields in the order of added.csv.

    `is_best`: whether its AUROC is the highest of all simple detectors on this set. Without
    bootstrap draws there is no interval.
    """

    dataset: str
    score: str
    statistic: str
    auroc: float
    floor: str
    floor_auroc: float
    is_best: bool
    difference: float
    difference_low: float | None
    difference_high: float | None


def section(table: DetectionTable) -> Section:
    """A row per set that simple detectors have scored; none have: no section."""
    of_all = list(gains(table))
    found = best_floors(of_all)
    if not found:
        return Section(TITLE, files={"added.csv": ""})
    unlike = shares_unlike(table.run) if "likelihood_residual" in table.score_keys else {}
    cells = [_cells(gain) for gain in found]
    name = score_name(found[0].row.score, found[0].row.statistic)
    shown = Table(
        f"{name} and the best simple detector of each set; found: at 5 % false alarms",
        (*HEADS, *(["unlike"] if unlike else [])),
        [
            [*line, *([f"{unlike[gain.row.dataset]:.1%}"] if unlike else [])]
            for line, gain in zip(cells, found, strict=True)
        ],
    )
    notes = [Text(NOTE, is_note=True), *([Text(UNLIKE, is_note=True)] if unlike else [])]
    return Section(
        TITLE,
        [shown, *notes],
        text=f"{TITLE}: {name}\n{aligned([HEADS, *cells], left_columns=1)}",
        files={"added.csv": rows_csv([_csv_row(gain, gain in found) for gain in of_all])},
    )


def added_words(table: DetectionTable) -> str:
    """In plain words: what the headline score finds, and where it beats simple detectors.

    Only labelled anomalies count where the run has some. It is empty without simple detectors.
    """
    found = best_floors(gains(table))
    return _words(found, table.run) if found else ""


def _words(found: Sequence[Gain], run: FinishedRun) -> str:
    found = [gain for gain in found if gain.row.dataset in run.anomalies] or found
    name = score_name(found[0].row.score, found[0].row.statistic)
    if len(found) == 1:
        return _of_one(found[0], name)
    sets = {sign: [gain.row.dataset for gain in found if gain.sign == sign] for sign in (1, 0, -1)}
    words = ("is better on", "adds nothing that these examples show on", "is worse on")
    parts = [
        f"{phrase} {len(sets[sign])} ({', '.join(sets[sign])})"
        for sign, phrase in zip(sets, words, strict=True)
        if sets[sign]
    ]
    whole = f"Against the best simple detector of each of {len(found)} sets, {name} {_and(parts)}."
    hardest = min(
        [gain for gain in found if gain.row.dataset not in FLIPS] or found,
        key=lambda gain: gain.row.auroc,
    )
    return f"{whole} {_of_one(hardest, 'On the hardest set it')}"


def _of_one(gain: Gain, subject: str) -> str:
    row, floor = gain.row, f"the best simple detector, {FLOOR_WORDS[gain.floor.score]}"
    finds = f"{subject} finds {1 - row.fpr95:.0%} of {row.dataset} at 5 % false alarms"
    estimate = f"AUROC {fixed(row.auroc)}, {_difference(gain)}"
    if gain.sign == 0:
        return f"{finds} and adds nothing that these examples show over {floor}: {estimate}."
    return f"{finds}, {'better' if gain.sign > 0 else 'worse'} than {floor}: {estimate}."


def _and(parts: Sequence[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _difference(gain: Gain) -> str:
    if gain.difference is None:
        return f"difference {signed(gain.value)}"
    low, high = signed(gain.difference.low), signed(gain.difference.high)
    return f"difference {signed(gain.value)} [{low}, {high}]"


def _cells(gain: Gain) -> list[str]:
    row, floor = gain.row, gain.floor
    return [
        row.dataset,
        fixed(row.auroc),
        f"{1 - row.fpr95:.1%}",
        floor.score,
        fixed(floor.auroc),
        _difference(gain).removeprefix("difference "),
    ]


def _csv_row(gain: Gain, is_best: bool) -> AddedRow:
    row, floor, of = gain.row, gain.floor, gain.difference
    ends = (of.low, of.high) if of else (None, None)
    names = (row.dataset, row.score, row.statistic)
    return AddedRow(*names, row.auroc, floor.score, floor.auroc, is_best, gain.value, *ends)


def shares_unlike(run: FinishedRun) -> dict[str, float]:
    """{test set: share of images whose properties are unlike those of all calibration images}."""
    if not {CALIBRATION, *run.test_sets} <= run.inputs.keys():
        return {}

    def properties(name: str) -> np.ndarray:
        return stacked(run.inputs[name].scores, INPUT_PROPERTIES)

    is_unlike = is_unlike_all(properties(CALIBRATION).astype(float))
    return {name: float(is_unlike(properties(name)).mean()) for name in run.test_sets}
