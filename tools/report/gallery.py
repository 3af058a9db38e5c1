"""Which plots a run gets, with the words that stand below them and in their place."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tools.report import plots
from tools.report.image_rows import image_rows
from tools.report.lines import fixed
from tools.report.tables import auroc_matrix
from tools.scores.detection import DetectionTable
from tools.scores.ensemble import anomaly_scores, described
from tools.scores.finished_run import read_histories, read_pictures


@dataclass(frozen=True)
class Plot:
    """One picture.

    Attributes:
        name: File name without ending; unique in the run.
        png: The file's content.
        caption: What is seen and how to read it.
        alt: The same for those who do not see it, with the numbers.
        dataset: The one set that it shows; empty: it shows several.
    """

    name: str
    png: bytes
    caption: str
    alt: str
    dataset: str = ""


def draw_plots(table: DetectionTable) -> list[Plot]:
    """All plots of a run: over all sets first, then those of each set.

    Raises:
        InputError: A file of pictures or a training history is damaged.
    """
    key, run = table.headline_score, table.run
    histories = read_histories(run)
    pictures = {name: read_pictures(run, name) for name in run.test_sets}
    values = {name: run.scores[name].scores[key] for name in run.test_sets}  # [member, example]
    scores = {name: anomaly_scores(key, values[name], table.ddof) for name in run.test_sets}
    drawn = [_roc(table, scores, statistic) for statistic in ("waic", "mean")]
    drawn.append(_histograms(key, values))
    if run.n_members > 1:
        drawn.append(_variance(key, values, scores))
    if histories:
        drawn.append(_history(histories))
    for name, shown in pictures.items():
        drawn += _pictures(name, shown) if shown else []
    return drawn


def _roc(table: DetectionTable, scores: dict, statistic: str) -> Plot:
    key = table.headline_score
    matrix = auroc_matrix(table, key)
    aurocs = {name: rows[statistic].auroc for name, rows in matrix.items()}
    curves = {name: scores[name][statistic] for name in aurocs}
    numbers = ", ".join(f"{name} {fixed(auroc)}" for name, auroc in aurocs.items())
    return Plot(
        name=f"roc_{key}_{statistic}",
        png=plots.roc_curves(scores[table.run.in_distribution][statistic], curves, aurocs),
        caption=f"ROC curves of {statistic} of {key}, with AUROC. Higher is better; the logarithmic"
        " axis shows the region of few false alarms.",
        alt=f"ROC curves of {statistic} of {key}. AUROC: {numbers}.",
    )


def _histograms(key: str, values: dict) -> Plot:
    means = {name: numbers.mean(axis=0, dtype="float64") for name, numbers in values.items()}
    middles = ", ".join(f"{name} {float(m.mean()):.1f}" for name, m in means.items())
    return Plot(
        name=f"histogram_{key}",
        png=plots.histograms(means, described(key).replace("; ", "\n")),
        caption=f"Histograms of {key}, mean over members; the in-distribution test set is grey.",
        alt=f"Histograms of {key} per data set. Means: {middles}.",
    )


def _variance(key: str, values: dict, scores: dict) -> Plot:
    member = {name: numbers[0] for name, numbers in values.items()}
    variances = {name: scores[name]["variance"] for name in scores}
    middles = ", ".join(f"{name} {float(v.mean()):.2f}" for name, v in variances.items())
    return Plot(
        name=f"variance_{key}",
        png=plots.value_against_variance(member, variances, f"{key} of member 0"),
        caption=f"{key} of member 0 against the variance of {key} over the members, a point per"
        " example.",
        alt=f"{key} of member 0 against the variance over members. Mean variances: {middles}.",
    )


def _history(histories: list[list[dict[str, float]]]) -> Plot:
    last = ", ".join(f"{name} {value:g}" for name, value in histories[0][-1].items())
    return Plot(
        name="training_history",
        png=plots.training_history(histories),
        caption="Training of the members, as recorded in their history.jsonl.",
        alt=f"Curves of training, a line per member. Last record of the first: {last}.",
    )


def _pictures(dataset: str, pictures: dict[str, np.ndarray]) -> Iterator[Plot]:
    extremes = {f"{group} anomalous": pictures[f"{group}_images"] for group in ("most", "least")}
    yield Plot(
        name=f"extremes_{dataset}",
        png=image_rows(extremes),
        caption="The most and the least anomalous images by WAIC of iwae.",
        alt=f"The most and the least anomalous images of {dataset} by WAIC of iwae.",
        dataset=dataset,
    )
    both = {
        "inputs": pictures["first_images"],
        "reconstructions": pictures["first_reconstructions"],
    }
    yield Plot(
        name=f"reconstructions_{dataset}",
        png=image_rows(both),
        caption="The first images, and below them their reconstructions by member 0.",
        alt=f"The first images of {dataset} and their reconstructions by member 0.",
        dataset=dataset,
    )
