"""The scores named before the run: their AUROCs, and whether another score did better."""

from collections.abc import Sequence

import numpy as np

from tools.analysis.section import Section
from tools.analysis.sections.added import added_words
from tools.analysis.sections.alerts import AlertRow, alert_rows
from tools.data.images.derived_images import FLIPS, NOISES
from tools.report.blocks import Block, Card, Cards, Folded, Gallery, Plot, Text
from tools.report.plots import histograms, roc_curves
from tools.report.promise_plots import kept_promises, precision_recall_curves
from tools.report.score_words import interval_text, score_name, verdict_line
from tools.report.text_lines import aligned, fixed
from tools.scores.conformal import FALSE_ALARMS, p_values
from tools.scores.detection import DetectionRow, DetectionTable
from tools.scores.ranking import RankedScore, ranking_of, winner

DERIVED = (*FLIPS, *NOISES)
PRINTED_METRICS = ("ap", "ap_in", "fpr95", "fpr99")


def section(table: DetectionTable) -> Section:
    """A card, ROC curves and histograms for each score that was named; their rows in print."""
    cards = anomaly_cards(table) if table.run.anomalies else ood_cards(table)
    first, *others = ([_roc(table, *pair), _histogram(table, *pair)] for pair in table.headlines)
    drawn: list[Block] = [Gallery([*first, *_promises(table)])]
    if others:
        plots = [plot for pair in others for plot in pair]
        drawn.append(Folded("Curves of the other scores named before the run", [Gallery(plots)]))
    added = added_words(table)
    said: list[Block] = [Text(added)] if added else []
    text = f"{added}\n\n{headline_text(table)}".lstrip()
    return Section("Verdict", [*said, *cards, *drawn], text=text)


def headline_text(table: DetectionTable) -> str:
    """The rows of the named scores, as aligned text."""
    auroc = "auroc [low, high]" if table.options.draws else "auroc"
    lines: list[Sequence[str]] = [("dataset", "score", "n_in", "n_out", auroc, *PRINTED_METRICS)]
    for row in table.rows:
        if (row.score, row.statistic) in table.headlines:
            metrics = (fixed(getattr(row, name)) for name in PRINTED_METRICS)
            estimate = f"{fixed(row.auroc)} {interval_text(row)}".strip()
            name = score_name(row.score, row.statistic)
            lines.append((row.dataset, name, str(row.n_in), str(row.n_out), estimate, *metrics))
    return f"Scores named before this run\n{aligned(lines, left_columns=2)}"


def ood_cards(table: DetectionTable) -> list[Block]:
    """The named scores on all OoD sets, and which score has the highest worst AUROC."""
    scores = ranking_of(table)
    by_name = {(score.score, score.statistic): score for score in scores}
    named = [by_name[pair] for pair in table.headlines]
    return [Cards([_ood_card(score) for score in named]), Text(_best_of_all(scores, named))]


def _ood_card(score: RankedScore) -> Card:
    worst = score.worst
    # Noise is easy and would raise the mean; mirrored images are partly in-distribution.
    counted = [row.auroc for row in score.rows.values() if row.dataset not in DERIVED]
    kept = counted or [row.auroc for row in score.counted]
    left_out = ", without noise and mirrored images" if 0 < len(counted) < len(score.rows) else ""
    words = (
        f"mean AUROC over {len(kept)} OoD sets{left_out}; the lowest, on {worst.dataset}:"
        f" {fixed(worst.auroc)} {interval_text(worst)}"
    )
    mean = float(np.mean(kept))
    return Card(score_name(score.score, score.statistic), fixed(mean), f"{words.rstrip()}.")


def _best_of_all(scores: Sequence[RankedScore], named: Sequence[RankedScore]) -> str:
    """The score with the highest worst AUROC, and why it is no result."""
    words = f"{verdict_line(scores)}. The scores above were named before this run"
    if winner(scores) in named:
        return f"{words}, and this is one of them."
    return (
        f"{words}; to choose another one for its figures would be optimistic, because the choice"
        " was made on the very sets it is measured on. Confirm it on sets that had no part in it."
    )


def anomaly_cards(table: DetectionTable) -> list[Block]:
    """The named scores on labelled anomalies, and which score does best on them."""
    anomalies = table.run.anomalies[0]
    rows = {(row.score, row.statistic): row for row in table.rows if row.dataset == anomalies}
    # Recalls without intervals take no draws, so that they cost next to nothing a second time.
    found = {
        (row.score, row.statistic): row
        for row in alert_rows(table.run, table.lines, table.options.alerts, draws=0, seed=0)
        if row.dataset == anomalies
    }
    cards = [_anomaly_card(rows[pair], found.get(pair)) for pair in table.headlines]
    named = rows[table.headlines[0]]
    # A detector with a split of its own is tested on other rows.
    same = [row for row in rows.values() if (row.n_in, row.n_out) == (named.n_in, named.n_out)]
    best = max(same, key=lambda row: row.auroc)
    words = (
        f"Highest AUROC on {anomalies}, of all scores of the same rows:"
        f" {score_name(best.score, best.statistic)}, {fixed(best.auroc)}, with the average"
        f" precision {fixed(best.ap)}. The scores above were named before this run; one that is"
        " chosen for its figures here is to be confirmed on other anomalies."
    )
    return [Cards(cards), Text(words)]


def _anomaly_card(row: DetectionRow, alerts: AlertRow | None) -> Card:
    parts = [f"AUROC on {row.dataset} {interval_text(row)}".rstrip()]
    parts.append(f"average precision {fixed(row.ap)}")
    if alerts is not None:
        parts += [
            f"{recall.value:.1%} of the {alerts.n_out:,} found by {count:,} alerts"
            for count, recall in alerts.recall.items()
        ]
    return Card(score_name(row.score, row.statistic), fixed(row.auroc), f"{'; '.join(parts)}.")


def _roc(table: DetectionTable, key: str, statistic: str) -> Plot:
    name = score_name(key, statistic)
    curves = {dataset: lines[key, statistic][0] for dataset, lines in table.lines.items()}
    inside = curves.pop(table.run.in_distribution)
    rows = (row for row in table.rows if (row.score, row.statistic) == (key, statistic))
    aurocs = {row.dataset: row.auroc for row in rows}
    numbers = ", ".join(f"{dataset} {fixed(auroc)}" for dataset, auroc in aurocs.items())
    return Plot(
        name=f"roc_{name}".replace(" ", "_"),
        png=roc_curves(inside, curves, aurocs),
        caption=f"ROC curves of {name}, with AUROC. Higher is better; the logarithmic axis shows"
        " the region of few false alarms.",
        alt=f"ROC curves of {name}. AUROC: {numbers}.",
    )


def _promises(table: DetectionTable) -> list[Plot]:
    """Precision-recall curves of the first score, and how well its p-values keep their promise."""
    key, statistic = table.headlines[0]
    name = score_name(key, statistic)
    curves = {dataset: lines[key, statistic][0] for dataset, lines in table.lines.items()}
    inside = curves.pop(own := table.run.in_distribution)
    plots = []
    if curves:
        plots.append(
            Plot(
                name=f"precision_{name}".replace(" ", "_"),
                png=precision_recall_curves(inside, curves),
                caption=f"Precision and recall of {name}. Precision depends on how many examples a"
                " set has; where anomalies are rarer than here, it is lower.",
                alt=f"Precision-recall curves of {name}.",
            )
        )
    if np.isfinite(table.thresholds[key, statistic]):
        p = p_values(inside, table.calibration_scores)
        share = f"{np.mean(p <= FALSE_ALARMS):.1%}"
        plots.append(
            Plot(
                name=f"promises_{name}".replace(" ", "_"),
                png=kept_promises(p, own),
                caption=f"Calibration of {name}: false alarms on {own} over the share that was"
                f" promised. At 5 % it is {share}. Near the grey line promises are kept; above it"
                " there are more false alarms.",
                alt=f"False alarms of {name} over the promised share. At 5 %: {share}.",
            )
        )
    return plots


def _histogram(table: DetectionTable, key: str, statistic: str) -> Plot:
    """Histograms of a score, one for each set, with the threshold."""
    name, threshold = score_name(key, statistic), table.thresholds[key, statistic]
    values = {dataset: lines[key, statistic][0] for dataset, lines in table.lines.items()}
    shares = ", ".join(f"{n} {np.mean(v > threshold):.1%}" for n, v in values.items())
    return Plot(
        name=f"histogram_{name}".replace(" ", "_"),
        png=histograms(values, f"{name}, higher = more anomalous", threshold),
        caption=f"Histograms of {name}; the in-distribution test set is grey. The broken line is"
        " the threshold that promises at most 5 % false alarms. A set's outermost"
        " 0.5 % of values may lie beyond the axis, in its first and last bin.",
        alt=f"Histograms of {name} per data set. Share above the threshold: {shares}.",
    )
