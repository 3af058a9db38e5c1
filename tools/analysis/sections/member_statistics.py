"""Statistics of the members' scores: AUROC of each, mean values and variances."""

from collections.abc import Mapping

import numpy as np

from tools.analysis.section import Section
from tools.report.blocks import Block, Folded, Gallery, Plot, Table
from tools.report.plots import histograms, value_against_variance
from tools.report.score_words import tinted
from tools.report.text_lines import fixed
from tools.scores.detection import DetectionRow, DetectionTable, mean_auroc
from tools.scores.ensemble_statistics import STATISTICS, described, headline_score


def section(table: DetectionTable) -> Section:
    """A table per score of the members; the values of the first that was named, drawn."""
    if not table.member_keys:
        return Section("Statistics over members")
    named = headline_score(table.member_keys)
    blocks: list[Block] = [_matrix(table, named), Gallery(_plots(table, named))]
    if others := [_matrix(table, key) for key in table.member_keys if key != named]:
        blocks.append(Folded("The members' other scores", others))
    return Section("Statistics over members", blocks)


def auroc_matrix(table: DetectionTable, score_key: str) -> dict[str, dict[str, DetectionRow]]:
    """{data set: {statistic: row}} of one score."""
    matrix: dict[str, dict[str, DetectionRow]] = {}
    for row in table.rows:
        if row.score == score_key:
            matrix.setdefault(row.dataset, {})[row.statistic] = row
    return matrix


def _matrix(table: DetectionTable, score_key: str) -> Table:
    means = mean_auroc(table.rows)
    return Table(
        f"AUROC of {score_key} ({described(score_key)})",
        ("data set", *STATISTICS),
        [
            [name, *map(tinted, rows.values())]
            for name, rows in auroc_matrix(table, score_key).items()
        ],
        foot=["mean", *(fixed(means[score_key, statistic]) for statistic in STATISTICS)],
    )


def _plots(table: DetectionTable, key: str) -> list[Plot]:
    run = table.run
    values = {name: run.scores[name].scores[key] for name in run.test_sets}  # [member, example]
    plots = [_histograms(key, values)]
    if run.n_members > 1:
        variances = {name: table.lines[name][key, "variance"][0] for name in run.test_sets}
        plots.append(_variance(key, values, variances))
    return plots


def _histograms(key: str, values: Mapping[str, np.ndarray]) -> Plot:
    means = {name: numbers.mean(axis=0, dtype="float64") for name, numbers in values.items()}
    middles = ", ".join(f"{name} {float(m.mean()):.1f}" for name, m in means.items())
    return Plot(
        name=f"histogram_{key}",
        png=histograms(means, described(key).replace("; ", "\n")),
        caption=f"Histograms of {key}, mean over members; the in-distribution test set is grey."
        " What overlaps it cannot be told apart by this score. A set's outermost 0.5 % of values"
        " may lie beyond the axis, in its first and last bin.",
        alt=f"Histograms of {key} per data set. Means: {middles}.",
    )


def _variance(
    key: str, values: Mapping[str, np.ndarray], variances: Mapping[str, np.ndarray]
) -> Plot:
    member = {name: numbers[0] for name, numbers in values.items()}
    middles = ", ".join(f"{name} {float(v.mean()):.2f}" for name, v in variances.items())
    return Plot(
        name=f"variance_{key}",
        png=value_against_variance(member, variances, f"{key} of member 0"),
        caption=f"{key} of member 0 against the variance of {key} over the members, a point per"
        " example. Sets that lie beside the black points are told apart by one member, those above"
        " them by the members' disagreement. A set's outermost 0.5 % of values may lie beyond the"
        " axis, at its ends.",
        alt=f"{key} of member 0 against the variance over members. Mean variances: {middles}.",
    )
