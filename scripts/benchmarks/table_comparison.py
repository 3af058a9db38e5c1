"""Detectors of table rows side by side: AUROC and average precision, means, ranks, intervals."""

import csv
import io
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import rankdata
from sklearn.metrics import average_precision_score, roc_auc_score

from scripts.benchmarks.figure import Figure
from scripts.benchmarks.table_tasks import TableTask
from tools.scores.bootstrap import auroc_draws, interval
from tools.scores.intervals import auroc_interval
from tools.scores.simple.feature_spaces import fit_space
from tools.scores.simple.simple_ensemble import SimpleEnsemble
from tools.scores.table_floors import TABLE_FLOORS, fit_table_floor

OURS = "simple"
OWN = ("combined", "iwae", OURS)  # scores of ours, which are no floors
COMPARED = tuple(TABLE_FLOORS)[:6]
DRAWS = 5000
DRAWS_OF_ROWS = 500
DIGITS = 6  # of results, so that those of a file have the same ranks
ALIKE = 5  # digits; AUROCs that agree in so many share a rank


class Result(NamedTuple):
    """Result of one detector on one split of one table.

    Attributes:
        table: Name of the table.
        seed: Seed of the split.
        detector: Name of the detector.
        auroc: AUROC of the anomalies against the normal test rows.
        ap: Average precision, with as many anomalies as were tested.
        seconds: Seconds of fitting and scoring.
        interval: Ends of the AUROC's interval by a bootstrap over the tested rows.
    """

    table: str
    seed: int
    detector: str
    auroc: float
    ap: float
    seconds: float
    interval: tuple[float, float] = (0.0, 1.0)


def compare(
    name: str, seed: int, task: TableTask, members: int = 0, further: Sequence[str] = ()
) -> Iterator[Result]:
    """Fits all detectors on the training rows of a split; yields each one's result.

    Args:
        name: Name of the table.
        seed: Seed of the split.
        task: The split.
        members: VAEs to train for the scores `combined`, which then is ours, and `iwae`, their
            mean; 0: these two are left out.
        further: Names of floors beyond COMPARED.
    """
    rows = np.concatenate([task.test, task.anomalies])
    labels = np.repeat([0, 1], [len(task.test), len(task.anomalies)])

    def result(detector: str, scores: np.ndarray, started: float) -> Result:
        seconds = time.perf_counter() - started
        found = roc_auc_score(labels, scores), average_precision_score(labels, scores)
        auroc, ap = (round(float(value), DIGITS) for value in found)
        sides = scores[np.newaxis, labels == 0], scores[np.newaxis, labels == 1]
        drawn = auroc_draws(*sides, draws=DRAWS_OF_ROWS, seed=seed)[0]
        ends = auroc_interval(auroc, drawn, min(side.shape[1] for side in sides))
        return Result(name, seed, detector, auroc, ap, seconds, ends)

    if members:
        from scripts.benchmarks.trained_members import member_scores  # loads TensorFlow

        started = time.perf_counter()
        for detector, scores in member_scores(task, members, seed).items():
            yield result(detector, scores, started)
    for detector in (OURS, *COMPARED, *further):
        started = time.perf_counter()
        yield result(detector, _fit(detector, task, seed)(rows), started)


def _fit(detector: str, task: TableTask, seed: int) -> Callable[[np.ndarray], np.ndarray]:
    if detector == OURS:
        return SimpleEnsemble.fit(task.training, task.columns, seed).scores
    # As is usual they see the table's own numbers, standardised, and not the encoder's arcsinh.
    space = fit_space("standard", task.training, task.columns)
    floor = fit_table_floor(detector, space(task.training), seed)
    return lambda rows: floor(space(rows))


class Summary(NamedTuple):
    """A detector over all tables, of the means over seeds.

    Attributes:
        auroc: Mean AUROC.
        ap: Mean average precision.
        rescaled: Mean of the AUROC on a scale from the table's worst detector, 0, to its best, 1.
        rank: Mean rank by AUROC, 1 = highest.
        seconds: Mean seconds of fitting and scoring.
        lead: Our mean AUROC minus this one's, with its interval by a bootstrap over tables.
    """

    auroc: float
    ap: float
    rescaled: float
    rank: float
    seconds: float
    lead: tuple[float, float, float]


def summaries(results: Iterable[Result], seed: int = 0) -> dict[str, Summary]:
    """Summaries by detector; ours is the first that there are results of."""
    results = list(results)
    tables = list(dict.fromkeys(result.table for result in results))
    detectors = list(dict.fromkeys(result.detector for result in results))
    auroc, ap, seconds = (
        _means(results, tables, detectors, quantity) for quantity in ("auroc", "ap", "seconds")
    )
    low, high = auroc.min(axis=0), auroc.max(axis=0)
    rescaled = (auroc - low) / np.where(high > low, high - low, 1.0)
    ranks = rankdata(-auroc.round(ALIKE), axis=0)
    drawn = np.random.default_rng(seed).integers(len(tables), size=(DRAWS, len(tables)))
    ours = auroc[0]
    return {
        detector: Summary(
            auroc=float(auroc[row].mean()),
            ap=float(ap[row].mean()),
            rescaled=float(rescaled[row].mean()),
            rank=float(ranks[row].mean()),
            seconds=float(seconds[row].mean()),
            lead=(
                float((ours - auroc[row]).mean()),
                *interval((ours - auroc[row])[drawn].mean(axis=1)),
            ),
        )
        for row, detector in enumerate(detectors)
    }


def comparison_figures(part: str, results: Iterable[Result]) -> Iterator[Figure]:
    """The summaries as figures, our lead over each detector among them."""
    results = list(results)
    n_tables = len({result.table for result in results})
    n_seeds = len({result.seed for result in results})
    over = f"mean over {n_tables} tables and {n_seeds} splits"
    found = summaries(results)
    ours = next(iter(found))
    for detector, summary in found.items():
        for quantity in ("auroc", "ap", "rescaled", "rank", "seconds"):
            yield Figure(f"{part}.{detector}.{quantity}", getattr(summary, quantity), over)
        if detector != ours:
            lead, low, high = summary.lead
            words = f"AUROC of {ours} less that of {detector}, {over}; [{low:.4f}, {high:.4f}]"
            yield Figure(f"{part}.{detector}.lead", lead, words)


def results_csv(results: Iterable[Result]) -> str:
    """A line per table, seed and detector."""
    file = io.StringIO()
    lines = csv.writer(file, lineterminator="\n")
    lines.writerow(Result._fields[:-1])
    for result in results:
        numbers = (f"{result.auroc:.6f}", f"{result.ap:.6f}", f"{result.seconds:.3f}")
        lines.writerow([*result[:3], *numbers])
    return file.getvalue()


def read_results(text: str) -> list[Result]:
    """The results in `results_csv`, without their intervals."""
    rows = csv.DictReader(io.StringIO(text))
    return [
        Result(row["table"], int(row["seed"]), row["detector"], *map(float, list(row.values())[3:]))
        for row in rows
    ]


def markdown_of_summaries(results: Iterable[Result]) -> str:
    """The summaries as a table in Markdown, a line per detector."""
    found = summaries(results)
    ours = next(iter(found))
    lines = [f"| | AUROC | AP | rescaled AUROC | mean rank | AUROC of `{ours}` above it |"]
    lines.append("|---" * 6 + "|")
    for name, summary in found.items():
        lead, low, high = (
            f"{round(value, 3) + 0:+.3f}".replace("0.", ".", 1) for value in summary.lead
        )
        numbers = ((summary.auroc, 3), (summary.ap, 3), (summary.rescaled, 2), (summary.rank, 2))
        cells = [f"`{name}`", *(f"{value:.{n}f}".removeprefix("0") for value, n in numbers)]
        cells.append("" if name == ours else f"{lead} [{low}, {high}]")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def markdown_table(results: Iterable[Result]) -> str:
    """AUROC by table and detector, and the summaries below, as a table in Markdown."""
    results = list(results)
    found = summaries(results)
    tables = list(dict.fromkeys(result.table for result in results))
    auroc = _means(results, tables, list(found), "auroc")
    lines = ["| table | " + " | ".join(found) + " |", "|---" * (1 + len(found)) + "|"]
    lines += [_line(table, column, 3) for table, column in zip(tables, auroc.T, strict=True)]
    words: Mapping[str, int] = {"auroc": 4, "ap": 4, "rescaled": 3, "rank": 2, "seconds": 2}
    for name, digits in words.items():
        lines.append(_line(name, [getattr(summary, name) for summary in found.values()], digits))
    return "\n".join([*lines, ""])


class AgainstBest(NamedTuple):
    """Our AUROC on one table and that of its best other detector, of the means over seeds.

    Attributes:
        table: Name of the table.
        ours: Our AUROC.
        ours_interval: Means of the ends of its intervals.
        best: Name of the other detector with the highest mean AUROC.
        auroc: AUROC of that one.
        interval: Means of the ends of its intervals.
    """

    table: str
    ours: float
    ours_interval: tuple[float, float]
    best: str
    auroc: float
    interval: tuple[float, float]


def against_best(results: Iterable[Result]) -> list[AgainstBest]:
    """By table: ours, the first detector that there are results of, and the best other one."""
    results = list(results)
    found = []
    for table in dict.fromkeys(result.table for result in results):
        by_detector: dict[str, list[Result]] = {}
        for result in results:
            if result.table == table:
                by_detector.setdefault(result.detector, []).append(result)
        means = {name: _mean_and_ends(each) for name, each in by_detector.items()}
        ours, *others = means
        best = max((name for name in others if name not in OWN), key=lambda name: means[name][0])
        found.append(AgainstBest(table, *means[ours], best, *means[best]))
    return found


def _mean_and_ends(results: Iterable[Result]) -> tuple[float, tuple[float, float]]:
    values = np.mean([(result.auroc, *result.interval) for result in results], axis=0)
    return float(values[0]), (float(values[1]), float(values[2]))


def markdown_of_best(results: Iterable[Result]) -> str:
    """`against_best` as a table in Markdown, with our mean lead below."""
    rows = against_best(results)
    lines = ["| table | ours | best of the others | its AUROC |", "|---" * 4 + "|"]
    for row in rows:
        ours, best = (
            f"{auroc:.3f} [{low:.3f}, {high:.3f}]"
            for auroc, (low, high) in ((row.ours, row.ours_interval), (row.auroc, row.interval))
        )
        lines.append(f"| {row.table} | {ours} | `{row.best}` | {best} |")
    means = np.mean([(row.ours, row.auroc) for row in rows], axis=0)
    lines.append(f"| mean | {means[0]:.3f} |  | {means[1]:.3f} |")
    return "\n".join([*lines, ""])


def _line(name: str, values: Iterable[float], digits: int) -> str:
    return f"| {name} | " + " | ".join(f"{value:.{digits}f}" for value in values) + " |"


def _means(
    results: Iterable[Result], tables: list[str], detectors: list[str], quantity: str
) -> np.ndarray:
    """Means over seeds [detector, table]."""
    values: dict[tuple[str, str], list[float]] = {}
    for result in results:
        values.setdefault((result.detector, result.table), []).append(getattr(result, quantity))
    return np.array([[np.mean(values[name, table]) for table in tables] for name in detectors])
