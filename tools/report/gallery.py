"""Which plots a run gets, with the words that stand below them and in their place."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tools.report import plots
from tools.report.image_rows import image_rows
from tools.report.tables import score_name
from tools.report.text_lines import fixed
from tools.scores.detection import DetectionTable
from tools.scores.ensemble_statistics import described, headline_score
from tools.scores.finished_run import read_histories, read_pictures, read_samples

SAMPLED_MEMBERS, SAMPLES = 5, 24  # members whose samples are shown, and how many of each


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
    run = table.run
    histories = read_histories(run)
    pictures = {name: read_pictures(run, name) for name in run.test_sets}
    drawn = [_roc(table, *pair) for pair in table.headlines]
    if table.member_keys:
        drawn += _of_members(table, headline_score(table.member_keys))
    if histories:
        drawn.append(_history(histories))
    if samples := read_samples(run):
        drawn.append(_samples(samples))
    attacked = run.manifest.adversarial
    for name, shown in pictures.items():
        drawn += _pictures(name, shown, pictures.get(attacked.get(name))) if shown else []
    return drawn


def _roc(table: DetectionTable, key: str, statistic: str) -> Plot:
    name = score_name(key, statistic)
    curves = {dataset: lines[key, statistic][0] for dataset, lines in table.lines.items()}
    inside = curves.pop(table.run.in_distribution)
    rows = (row for row in table.rows if (row.score, row.statistic) == (key, statistic))
    aurocs = {row.dataset: row.auroc for row in rows}
    numbers = ", ".join(f"{dataset} {fixed(auroc)}" for dataset, auroc in aurocs.items())
    return Plot(
        name=f"roc_{name}".replace(" ", "_"),
        png=plots.roc_curves(inside, curves, aurocs),
        caption=f"ROC curves of {name}, with AUROC. Higher is better; the logarithmic axis shows"
        " the region of few false alarms.",
        alt=f"ROC curves of {name}. AUROC: {numbers}.",
    )


def _of_members(table: DetectionTable, key: str) -> Iterator[Plot]:
    """A member score's values and its variance."""
    run = table.run
    values = {name: run.scores[name].scores[key] for name in run.test_sets}  # [member, example]
    yield _histograms(key, values)
    if run.n_members > 1:
        variances = {name: table.lines[name][key, "variance"][0] for name in run.test_sets}
        yield _variance(key, values, variances)


def _histograms(key: str, values: dict) -> Plot:
    means = {name: numbers.mean(axis=0, dtype="float64") for name, numbers in values.items()}
    middles = ", ".join(f"{name} {float(m.mean()):.1f}" for name, m in means.items())
    return Plot(
        name=f"histogram_{key}",
        png=plots.histograms(means, described(key).replace("; ", "\n")),
        caption=f"Histograms of {key}, mean over members; the in-distribution test set is grey."
        " What overlaps it cannot be told apart by this score.",
        alt=f"Histograms of {key} per data set. Means: {middles}.",
    )


def _variance(key: str, values: dict, variances: dict) -> Plot:
    member = {name: numbers[0] for name, numbers in values.items()}
    middles = ", ".join(f"{name} {float(v.mean()):.2f}" for name, v in variances.items())
    return Plot(
        name=f"variance_{key}",
        png=plots.value_against_variance(member, variances, f"{key} of member 0"),
        caption=f"{key} of member 0 against the variance of {key} over the members, a point per"
        " example. Sets that lie beside the black points are told apart by one member, those above"
        " them by the members' disagreement.",
        alt=f"{key} of member 0 against the variance over members. Mean variances: {middles}.",
    )


def _history(histories: dict[int, list[dict[str, float]]]) -> Plot:
    first = next(iter(histories.values()))
    last = ", ".join(f"{name} {value:g}" for name, value in first[-1].items())
    return Plot(
        name="training_history",
        png=plots.training_history(histories),
        caption="Training of the members, as recorded in their history.jsonl. Curves that are still"
        " steep at the end ask for more steps.",
        alt=f"Curves of training, a line per member. Last record of the first: {last}.",
    )


def _samples(samples: dict[int, np.ndarray]) -> Plot:
    shown = list(samples.items())[:SAMPLED_MEMBERS]
    blocks = {f"member {member}": images for member, images in shown}
    return Plot(
        name="samples",
        png=image_rows({title: images[:SAMPLES] for title, images in blocks.items()}),
        caption="Images that the members have generated, drawn at random and not chosen. They show"
        " what the members take for normal.",
        alt=f"Images generated by {len(blocks)} members.",
    )


def _pictures(
    dataset: str, pictures: dict[str, np.ndarray], before: dict[str, np.ndarray] | None
) -> Iterator[Plot]:
    """The pictures of a set.

    Args:
        dataset: Its name.
        pictures: As `read_pictures` has them.
        before: Those of the set that it was made of by an attack; None: it was not.
    """
    score = str(pictures.get("score", "iwae"))
    extremes = {f"{group} anomalous": pictures[f"{group}_images"] for group in ("most", "least")}
    yield Plot(
        name=f"extremes_{dataset}",
        png=image_rows(extremes),
        caption=f"The most and the least anomalous images by WAIC of {score}. The least anomalous"
        " ones of an OoD set show what is missed.",
        alt=f"The most and the least anomalous images of {dataset} by WAIC of {score}.",
        dataset=dataset,
    )
    reconstructed = {}
    if "first_reconstructions" in pictures:
        reconstructed = {"reconstructions": pictures["first_reconstructions"]}
    if before is not None and np.array_equal(before["first_ids"], pictures["first_ids"]):
        attack = {"before the attack": before["first_images"], "after": pictures["first_images"]}
        yield Plot(
            name=f"attack_{dataset}",
            png=image_rows(attack | reconstructed),
            caption="The first images before and after they were made more normal for member 0, and"
            " what it reconstructs of them. A change that is hardly seen shows a weakness of the"
            " model; one that draws training images does not.",
            alt=f"The first images of {dataset} before and after the attack on member 0.",
            dataset=dataset,
        )
    elif reconstructed:
        yield Plot(
            name=f"reconstructions_{dataset}",
            png=image_rows({"inputs": pictures["first_images"]} | reconstructed),
            caption="The first images, and below them their reconstructions by member 0. What is"
            " unlike the training images should be copied badly.",
            alt=f"The first images of {dataset} and their reconstructions by member 0.",
            dataset=dataset,
        )
