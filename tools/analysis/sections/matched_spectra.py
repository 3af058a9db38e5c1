"""AUROC of sets as their files are, and after a filter that makes mean power spectra agree."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tools.analysis.section import Section
from tools.report.blocks import Table, Text
from tools.report.score_words import score_name
from tools.report.text_lines import aligned, fixed, rows_csv, signed
from tools.run.manifest import RESAMPLING, Alteration
from tools.scores.bootstrap import auroc_draws
from tools.scores.detection import DetectionTable
from tools.scores.finished_run import FinishedRun
from tools.scores.intervals import difference_interval
from tools.scores.metrics import auroc
from tools.scores.score_lines import Lines, peer_lines, score_lines

TITLE = "Resampling controlled"
NOTE = (
    "Sets that were made from larger pictures are more or less sharp by the way they were resized,"
    " and a score may find no more than this. For the last columns both sides went through a"
    " low-pass filter: in each band of high frequencies the set with more power came down to the"
    " other, so that the mean power spectra agree, and both were softened alike. Falls: the 95 %"
    " interval of the loss, over the same resampled images, is above 0; such a score owes a part of"
    " its AUROC to sharpness."
)
HEADS = ("data set", "score", "as the files are", "matched", "change", "")


@dataclass(frozen=True)
class ResampledRow:
    """One score of one set, fields in the order of resampling.csv.

    Attributes:
        dataset: The out-of-distribution set.
        score: Score key.
        statistic: Over the ensemble.
        n_in: Test images.
        n_out: Images of the set.
        auroc: AUROC of these images as the files are.
        matched: AUROC of the same images after the filter.
        change_low: Lower end of the 95 % interval of `matched` minus `auroc`; None: no intervals.
        change_high: Its upper end.
    """

    dataset: str
    score: str
    statistic: str
    n_in: int
    n_out: int
    auroc: float
    matched: float
    change_low: float | None
    change_high: float | None

    @property
    def falls(self) -> bool:
        """Whether the AUROC falls by more than chance explains."""
        return self.change_high is not None and self.change_high < 0


def section(table: DetectionTable) -> Section:
    """A row per set and score that is one number per image, simple detectors' too.

    The rows of the headlines are printed too.
    """
    rows = list(resampled_rows(table))
    if not rows:
        return Section(TITLE, files={"resampling.csv": ""})
    cells = {row: _cells(row) for row in rows}
    named = [cells[row] for row in rows if (row.score, row.statistic) in table.headlines]
    shown = Table("AUROC", HEADS, [*cells.values()], text_columns=2, is_sortable=True)
    return Section(
        TITLE,
        [shown, Text(NOTE, is_note=True)],
        text=f"{TITLE}\n{aligned([HEADS, *named], left_columns=2)}",
        files={"resampling.csv": rows_csv(rows)},
    )


def resampled_rows(table: DetectionTable) -> Iterator[ResampledRow]:
    """The rows in the order of the sets; of runs without matched sets there are none."""
    run, ddof = table.run, table.options.ddof
    for dataset in run.out_of_distribution:
        names = [Alteration(RESAMPLING, dataset, level).name for level in (0, 1)]
        if not run.altered.keys() >= {*names}:
            continue
        pairs = [*zip((run.in_distribution, dataset), names, strict=True)]
        sides = [
            _sides(
                table.lines[before] | _of_peers(run, pairs, before),
                score_lines(run, after, table.score_keys, ddof) | _of_peers(run, pairs, after),
                _places(run, before, after),
            )
            for before, after in pairs
        ]
        yield from _rows(table, dataset, *sides)


# Scores [before and after, image] by (score, statistic).
Sides = Mapping[tuple[str, str], np.ndarray]


def _sides(before: Lines, after: Lines, places: np.ndarray) -> Sides:
    return {
        pair: np.stack([before[pair][0][places], after[pair][0]])
        for pair in before
        if len(before[pair]) == 1
    }


def _of_peers(run: FinishedRun, pairs: Sequence[tuple[str, str]], name: str) -> Lines:
    """Scores of a set by the simple detectors that scored the same images, matched ones too."""
    lines: Lines = {}
    for files in run.peer_scores.values():
        if all(
            part in files and np.array_equal(files[part].ids, run.scores[part].ids)
            for pair in pairs
            for part in pair
        ):
            lines |= peer_lines(files[name])
    return lines


def _places(run: FinishedRun, before: str, after: str) -> np.ndarray:
    """Where the images of a filtered set stand in the set as it is."""
    places = {image: place for place, image in enumerate(run.scores[before].ids.tolist())}
    return np.array([places[image] for image in run.scores[after].ids.tolist()])


def _rows(
    table: DetectionTable, dataset: str, inside: Sides, outside: Sides
) -> Iterator[ResampledRow]:
    draws = auroc_draws(
        np.concatenate(list(inside.values())),
        np.concatenate(list(outside.values())),
        draws=table.options.draws,
        seed=table.options.seed,
    )  # [score and side, draw]
    for index, (pair, normal) in enumerate(inside.items()):
        before, after = (auroc(*side) for side in zip(normal, outside[pair], strict=True))
        n_in, n_out = normal.shape[1], outside[pair].shape[1]
        ends: tuple[float, float] | tuple[None, None] = (None, None)
        if table.options.draws:
            own = draws[[2 * index + 1, 2 * index]]
            ends = difference_interval((after, before), own, min(n_in, n_out))
        yield ResampledRow(dataset, *pair, n_in, n_out, before, after, *ends)


def _cells(row: ResampledRow) -> list[str]:
    change = signed(row.matched - row.auroc)
    if row.change_low is not None and row.change_high is not None:
        change += f" [{signed(row.change_low)}, {signed(row.change_high)}]"
    name = score_name(row.score, row.statistic)
    mark = "falls" if row.falls else ""
    return [row.dataset, name, fixed(row.auroc), fixed(row.matched), change, mark]
