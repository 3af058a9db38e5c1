"""How many examples of each set are flagged at a threshold."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from math import isfinite

from tools.analysis.section import Section
from tools.errors import InputError
from tools.report.blocks import Cell, Table, Text
from tools.report.score_words import score_name
from tools.run.run_folder import CALIBRATION
from tools.scores.detection import DetectionTable
from tools.scores.score_lines import MEAN_ELBO, score_lines

BY_HAND = "elbo_threshold"
TOO_FEW = "No threshold: 5 % false alarms can be promised from 19 calibration examples on."


@dataclass(frozen=True)
class FlagRule:
    """An example is flagged when its anomaly score exceeds the threshold.

    Attributes:
        score: Score key.
        statistic: Over the ensemble.
        source: Where the threshold comes from: `elbo_threshold` or `calibration`.
        threshold: In the score's unit; higher = more anomalous.
        flagged: {data set: number of flagged examples}.
        total: {data set: number of examples}.
    """

    score: str
    statistic: str
    source: str
    threshold: float
    flagged: Mapping[str, int]
    total: Mapping[str, int]


def section(table: DetectionTable) -> Section:
    """A row per set, a column per threshold.

    Raises:
        InputError: There is a threshold for the ELBO but no ELBO.
    """
    rules = list(flag_rules(table))
    if not rules:
        return Section("Flagged examples", [Text(TOO_FEW)], entries={"flagged": []})
    shown = Table(
        "Examples whose score, higher = more anomalous, exceeds the threshold",
        ("data set", "n", *map(_head, rules)),
        [
            [
                name,
                f"{rules[0].total[name]:,}",
                *(_share(rule.flagged[name], rule.total[name]) for rule in rules),
            ]
            for name in table.run.test_sets
        ],
    )
    entries = {"flagged": [asdict(rule) for rule in rules]}
    return Section("Flagged examples", [shown], entries=entries)


def _head(rule: FlagRule) -> Cell:
    by_hand = rule.source == BY_HAND
    source = BY_HAND if by_hand else "at most 5 % false alarms, by the calibration split"
    return Cell(f"{score_name(rule.score, rule.statistic)} > {rule.threshold:.5g}", note=source)


def _share(part: int, whole: int) -> str:
    return f"{part:,} ({100 * part / whole:.1f} %)"


def flag_rules(table: DetectionTable) -> Iterator[FlagRule]:
    """Counts at `elbo_threshold`, then at the thresholds that the calibration split gives.

    It gives none where it has too few examples.

    Raises:
        InputError: There is a threshold for the ELBO but no ELBO.
    """
    by_hand = table.options.elbo_threshold
    if by_hand is not None:
        if MEAN_ELBO not in table.thresholds:
            raise InputError("--elbo_threshold needs scores of elbo, and this run has none")
        yield _rule(table, MEAN_ELBO, BY_HAND, by_hand)
    for pair, threshold in table.thresholds.items():
        if isfinite(threshold):
            yield _rule(table, pair, CALIBRATION, threshold)


def _rule(table: DetectionTable, pair: tuple[str, str], source: str, threshold: float) -> FlagRule:
    scores = {}
    for name in table.run.test_sets:
        lines = table.lines[name]
        if pair not in lines:  # the ELBO, which need not be among the scores that are looked at
            lines = score_lines(table.run, name, pair[:1], table.options.ddof)
        scores[name] = lines[pair][0]
    return FlagRule(
        *pair,
        source=source,
        threshold=threshold,
        flagged={name: int((values > threshold).sum()) for name, values in scores.items()},
        total={name: len(values) for name, values in scores.items()},
    )
