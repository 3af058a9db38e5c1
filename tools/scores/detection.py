"""The detection table: each statistic of each score on each OoD set, with intervals."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from tools.scores.bootstrap import auroc_draws
from tools.scores.ensemble_statistics import SCORE_KEYS, headline_score, mean, variance
from tools.scores.finished_run import FinishedRun
from tools.scores.intervals import auroc_interval
from tools.scores.metrics import DetectionMetrics, detection_metrics
from tools.scores.score_lines import (
    ENSEMBLE,
    Lines,
    calibration_scores,
    calibration_thresholds,
    peer_lines,
    peer_pairs,
    usable_lines,
)
from tools.scores.score_registry import FITTED_SCORES

# Fitted scores named before the run.
HEADLINES = (
    "combined",
    "combined_flow",
    "combined_images",
    "likelihood_residual",
    "denoising_residual",
    "critic_distance",
    "combined_features",
)


@dataclass(frozen=True)
class DetectionRow:
    """One row of metrics.csv, fields in its order, and the spread.

    For the statistic `single` each metric is the mean over the members' metrics, the interval that
    of this mean, and `spread` the members' standard deviations (ddof = 1); None: one member only.
    Without bootstrap draws `auroc_low` and `auroc_high` are None.
    """

    train_dataset: str
    dataset: str
    score: str
    statistic: str
    n_members: int
    n_in: int
    n_out: int
    auroc: float
    auroc_low: float | None
    auroc_high: float | None
    ap: float
    ap_in: float
    fpr95: float
    fpr99: float
    spread: Mapping[str, float] | None


DrawnRow = tuple[DetectionRow, np.ndarray]  # with AUROCs of resampled examples [draw]


class AnalysisOptions(NamedTuple):
    """Options of an analysis.

    Attributes:
        draws: Bootstrap draws of the intervals; 0: there are none.
        seed: Root seed of the draws.
        elbo_threshold: Nats; examples with a higher mean of -elbo are counted; None: no count.
        alerts: Numbers of alerts at which recall and precision on labelled anomalies are computed.
        num_pools: Disjoint ensembles of the members, for the spread over them; 1: none.
        ddof: Divisor of the variance over M members is M - ddof.
    """

    draws: int = 0
    seed: int = 0
    elbo_threshold: float | None = None
    alerts: Sequence[int] = ()
    num_pools: int = 1
    ddof: int = 0


@dataclass(frozen=True)
class DetectionTable:
    """Input of every section of an analysis: the run, its scores and their detection metrics.

    Attributes:
        run: The run.
        score_keys: The scores that were looked at and are usable, in the order of the rows.
        options: Options of the analysis.
        lines: {test set: its scores}.
        thresholds: {(score, statistic): threshold that 5 % of examples to come
            exceed at most}, of the headlines and the mean ELBO.
        rows: By score key, then OoD set in the run's order, then statistic.
        left_out: Why a score, detector or member has no part in the results, by its name.
        draws: {(OoD set, score, statistic): AUROCs of resampled examples [draw]}, the same
            examples for all scores of a set. Scores of other examples have none.
    """

    run: FinishedRun
    score_keys: tuple[str, ...]
    options: AnalysisOptions
    lines: Mapping[str, Lines]
    thresholds: Mapping[tuple[str, str], float]
    rows: tuple[DetectionRow, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)
    draws: Mapping[tuple[str, str, str], np.ndarray] = field(default_factory=dict)

    @property
    def calibration_scores(self) -> np.ndarray:
        """The first headline's scores of the calibration split [example], for p-values."""
        return calibration_scores(self.run, self.headlines[0], self.options.ddof)

    @property
    def member_keys(self) -> tuple[str, ...]:
        """The scores that members have."""
        return _member_keys(self.score_keys)

    @property
    def headlines(self) -> tuple[tuple[str, str], ...]:
        """(score, statistic) of the scores that were named before the run."""
        return headlines_of(self.score_keys)


def headlines_of(score_keys: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """(score, statistic) of the scores that are named before the run."""
    pairs = [(key, ENSEMBLE) for key in HEADLINES if key in score_keys]
    if member_keys := _member_keys(score_keys):
        key = headline_score(member_keys)
        pairs += [(key, statistic) for statistic in SCORE_KEYS[key].headline_statistics]
    return tuple(pairs) or ((score_keys[0], ENSEMBLE),)


def _member_keys(score_keys: Sequence[str]) -> tuple[str, ...]:
    return tuple(key for key in score_keys if key not in FITTED_SCORES)


def detection_table(
    run: FinishedRun, score_keys: Sequence[str], options: AnalysisOptions
) -> DetectionTable:
    """The table of a run, of the scores that are usable.

    Raises:
        InputError: No score is usable.
    """
    lines, left_out = usable_lines(run, score_keys, options.ddof)
    usable = tuple(key for key in score_keys if key not in left_out)
    found = detection_rows(run, lines, draws=options.draws, seed=options.seed)
    return DetectionTable(
        run,
        usable,
        options,
        lines,
        thresholds=calibration_thresholds(run, headlines_of(usable), options.ddof),
        rows=tuple(row for row, _ in found),
        left_out={**run.left_out, **left_out},
        draws={
            (row.dataset, row.score, row.statistic): draws for row, draws in found if len(draws)
        },
    )


def detection_rows(
    run: FinishedRun, lines: Mapping[str, Lines], *, draws: int, seed: int
) -> list[DrawnRow]:
    """All rows with their draws: by score, then OoD set in the run's order, then statistic.

    After them come the scores of other detectors, under the statistic `ensemble` too.

    Args:
        run: The run.
        lines: {test set: its scores}.
        draws: Bootstrap draws for the intervals; 0: no intervals.
        seed: Root of the bootstrap's draws.
    """
    inside = lines[run.in_distribution]
    found = [
        drawn
        for dataset in run.out_of_distribution
        for drawn in _rows(
            inside,
            lines[dataset],
            {"in_distribution": run.in_distribution, "dataset": dataset},
            n_members=run.n_members,
            draws=draws,
            seed=seed,
        )
    ]
    order = list(dict.fromkeys(key for key, _ in inside))
    # Stable: sets and statistics stay in order.
    found.sort(key=lambda drawn: order.index(drawn[0].score))
    return found + list(_peer_rows(run, draws=draws, seed=seed))


def mean_auroc(rows: Sequence[DetectionRow]) -> dict[tuple[str, str], float]:
    """Mean AUROC over the OoD sets of each (score, statistic), in the order of the rows."""
    groups: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        groups.setdefault((row.score, row.statistic), []).append(row.auroc)
    return {pair: float(np.mean(aurocs)) for pair, aurocs in groups.items()}


def _peer_rows(run: FinishedRun, *, draws: int, seed: int) -> Iterator[DrawnRow]:
    """The rows of the scores of other detectors; draws of other examples are no pairs of ours."""
    for source, dataset in peer_pairs(run):
        files = run.peer_scores[source]
        inside, outside = (peer_lines(files[n]) for n in (run.in_distribution, dataset))
        names = {"in_distribution": run.in_distribution, "dataset": dataset}
        n_members = files[dataset].provenance.get("n_members", 1)
        own = [run.scores[name].ids for name in (run.in_distribution, dataset)]
        same = all(map(np.array_equal, own, (files[n].ids for n in names.values())))
        for row, drawn in _rows(
            inside, outside, names, n_members=n_members, draws=draws, seed=seed
        ):
            yield row, drawn if same else drawn[:0]


def _rows(
    inside: Lines,
    outside: Lines,
    names: Mapping[str, str],
    *,
    n_members: int,
    draws: int,
    seed: int,
) -> Iterator[DrawnRow]:
    """A row per score of the same examples; all of them share the bootstrap's draws."""
    aurocs = auroc_draws(
        np.concatenate(list(inside.values())),
        np.concatenate(list(outside.values())),
        draws=draws,
        seed=seed,
    )  # [score line, draw]
    for (key, statistic), lines_in in inside.items():
        lines_out = outside[key, statistic]
        lines_aurocs, aurocs = aurocs[: len(lines_in)], aurocs[len(lines_in) :]
        metrics = [
            detection_metrics(
                *pair, in_distribution=names["in_distribution"], dataset=names["dataset"]
            )
            for pair in zip(lines_in, lines_out, strict=True)
        ]
        mean_metrics = DetectionMetrics(*mean(np.array(metrics)).tolist())
        low, high, drawn = None, None, mean(lines_aurocs)
        if draws:
            pairs = min(lines_in.shape[1], lines_out.shape[1])
            low, high = auroc_interval(mean_metrics.auroc, drawn, pairs)
        row = DetectionRow(
            train_dataset=names["in_distribution"],
            score=key,
            statistic=statistic,
            n_members=n_members,
            n_in=lines_in.shape[1],
            n_out=lines_out.shape[1],
            auroc_low=low,
            auroc_high=high,
            spread=_spread(metrics),
            dataset=names["dataset"],
            **mean_metrics._asdict(),
        )
        yield row, drawn


def _spread(metrics: Sequence[DetectionMetrics]) -> dict[str, float] | None:
    """Standard deviation of each metric over members, ddof = 1; None: there is only one."""
    if len(metrics) < 2:
        return None
    deviations = np.sqrt(variance(np.array(metrics), ddof=1))
    return DetectionMetrics(*deviations.tolist())._asdict()
