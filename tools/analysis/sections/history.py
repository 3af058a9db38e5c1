"""How well the members told sets apart in the course of their training, step by step."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tools.analysis.section import Section
from tools.errors import InputError
from tools.report.blocks import Block, Gallery, Plot, Table
from tools.report.plots import canvas, legend_below, line_look, point_look, spread_out
from tools.report.text_lines import fixed, rows_csv
from tools.scores.detection import DetectionTable
from tools.scores.ensemble_statistics import SCORE_KEYS, anomaly_scores
from tools.scores.finished_run import FinishedRun
from tools.scores.metrics import mean_auroc_of_lines, refuse_unusable
from tools.scores.score_files import REMEDY, ScoreFile, read_scores

Series = Mapping[str, np.ndarray]  # {set: values by step}


@dataclass(frozen=True)
class HistoryRow:
    """One statistic of one score on one set after some steps, fields in the order of history.csv.

    Scores are higher = more anomalous.

    Attributes:
        step: Training steps done.
        dataset: The set.
        score: Score key.
        statistic: Over the members; `single` is the mean over their AUROCs.
        n_members: Members.
        n: Examples of the set.
        auroc: Against the test set, this set positive; None: it is the test set.
        mean: Mean of the statistic over the examples.
    """

    step: int
    dataset: str
    score: str
    statistic: str
    n_members: int
    n: int
    auroc: float | None
    mean: float


def section(table: DetectionTable) -> Section:
    """AUROC by step, and curves of each score of the members."""
    rows = list(history_rows(table.run, table.score_keys, table.options.ddof))
    if not rows:
        return Section("History", files={"history.csv": ""})
    return Section("History", history_blocks(rows), files={"history.csv": rows_csv(rows)})


def history_rows(
    run: FinishedRun, score_keys: Sequence[str], ddof: int = 0
) -> Iterator[HistoryRow]:
    """Rows by step, score, set and statistic; none of a run that scored no steps.

    Args:
        run: The run; its manifest names the steps.
        score_keys: Score keys; scores that members do not have are passed over.
        ddof: Divisor of the variance over M members is M - ddof.

    Raises:
        InputError: A file is missing or damaged, has other members, or a score is NaN.
    """
    for step in run.manifest.history.steps:
        files = {name: _read(run, step, name) for name in run.test_sets}
        held = set.intersection(*(set(file.scores) for file in files.values()))
        for key in score_keys:
            if key in SCORE_KEYS and key in held:
                yield from _rows(run.in_distribution, files, step, key, ddof)


def _read(run: FinishedRun, step: int, dataset: str) -> ScoreFile:
    path = run.folder.history(step).scores(dataset)
    file = read_scores(path)
    if file.n_members != run.n_members:
        raise InputError(f"{path} has {file.n_members} members, the run {run.n_members}; {REMEDY}")
    for key, values in file.scores.items():
        refuse_unusable(values, f"{key} of {dataset} at step {step}")
    return file


def _rows(
    inside: str, files: dict[str, ScoreFile], step: int, key: str, ddof: int
) -> Iterator[HistoryRow]:
    scores = {name: anomaly_scores(key, file.scores[key], ddof) for name, file in files.items()}
    for name, statistics in scores.items():
        for statistic, values in statistics.items():
            lines = map(np.atleast_2d, (scores[inside][statistic], values))
            yield HistoryRow(
                step,
                name,
                key,
                statistic,
                n_members=files[name].n_members,
                n=len(files[name].ids),
                auroc=None if name == inside else mean_auroc_of_lines(*lines),
                mean=float(values.mean()),
            )


def history_blocks(rows: Sequence[HistoryRow]) -> list[Block]:
    """AUROC of the first score by its first headline statistic, a step per column; all curves.

    Args:
        rows: At least one.
    """
    key = rows[0].score
    statistic = SCORE_KEYS[key].headline_statistics[0]
    n = max(row.n for row in rows)
    aurocs = Table(
        f"AUROC of {key} {statistic} by training step, of {n} examples of a set at most",
        ("data set", *(f"{step:,}" for step in _steps(rows))),
        [[name, *map(fixed, values)] for name, values in _aurocs(rows, key, statistic).items()],
    )
    return [aurocs, Gallery([_plot(key, rows) for key in dict.fromkeys(r.score for r in rows)])]


def _plot(key: str, rows: Sequence[HistoryRow]) -> Plot:
    statistic = SCORE_KEYS[key].headline_statistics[0]
    ends = ", ".join(
        f"{name} {fixed(aurocs[0])} to {fixed(aurocs[-1])}"
        for name, aurocs in _aurocs(rows, key, statistic).items()
    )
    return Plot(
        name=f"history_{key}",
        png=history_curves(key, rows),
        caption=f"{key} in the course of training. Sets whose AUROC falls while the normal images'"
        " score still improves are told apart worse by better models.",
        alt=f"{key} by training step. AUROC of its {statistic}, first and last step: {ends}.",
    )


def history_curves(key: str, rows: Sequence[HistoryRow]) -> bytes:
    """AUROC, mean score and variance over members against the step, a line per set.

    Args:
        key: Score key.
        rows: Its rows, perhaps among those of other scores.
    """
    _, high_is_normal, statistics = SCORE_KEYS[key]
    sign = -1 if high_is_normal else 1  # back to the score's own direction
    means = {name: sign * values for name, values in _series(rows, key, "mean", "mean").items()}
    variances = _series(rows, key, "variance", "mean")
    steps, any_variance = _steps(rows), np.any(list(variances.values()))
    panels = {f"AUROC of {key} {name}": _aurocs(rows, key, name) for name in statistics}
    panels |= {f"{key}, mean over members and examples": means, "variance over members": variances}
    with canvas(height=1.6 + 1.6 * len(panels)) as (figure, png):
        places = figure.subplots(len(panels), sharex=True)
        for axes, (title, series) in zip(places, panels.items(), strict=True):
            for index, name in enumerate(means):
                if name in series:
                    # Named once: the legend is of the whole figure.
                    label = name if axes is places[-1] else None
                    look = (line_look(index - 1) if index else {}) | point_look(index)
                    axes.plot(steps, series[name], linewidth=1, markersize=3, label=label, **look)
            axes.set_title(title, loc="left", fontsize=9)
        spread_out(places[-2], np.concatenate(list(means.values())), "y")
        places[-1].set(xlabel="step", yscale="log" if any_variance else "linear")
        legend_below(figure, markerscale=1.5)
    return png.getvalue()


def _steps(rows: Sequence[HistoryRow]) -> list[int]:
    return sorted({row.step for row in rows})


def _aurocs(rows: Sequence[HistoryRow], key: str, statistic: str) -> Series:
    """AUROCs of the OoD sets, by step."""
    series = _series(rows, key, statistic, "auroc")
    return {name: values for name, values in series.items() if values[0] is not None}


def _series(rows: Sequence[HistoryRow], key: str, statistic: str, column: str) -> Series:
    series: dict[str, list] = {}
    for row in rows:
        if (row.score, row.statistic) == (key, statistic):
            series.setdefault(row.dataset, []).append(getattr(row, column))
    return {name: np.array(values) for name, values in series.items()}
