"""Our figures and those of others, side by side: one table for each experiment."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from scripts.reproduction.experiments import Finished
from tools.scores.detection import DetectionRow
from tools.scores.published import PUBLISHED, Published

HERE = "here"  # the source of our own figures
LOGS = "logs of the 2018 code, n = 1,000"


def _critics(sets: Sequence[str], **aurocs: Sequence[float]) -> tuple[Published, ...]:
    return tuple(
        Published(
            f"WGAN of 2018, extra-trained, {statistic}", LOGS, dict(zip(sets, values, strict=True))
        )
        for statistic, values in aurocs.items()
    )


# What the code of 2018 has logged itself, by experiment; keys are test sets.
LOGGED = {
    "mnist": (
        Published(
            "VAE of 2018, single, lowest seen",
            LOGS,
            {"notmnist": 1.0, "fashion_mnist": 0.9999, "hflip": 0.82, "vflip": 0.80},
        ),
    ),
    "wgan_mnist": _critics(
        ("notmnist", "fashion_mnist", "hflip", "uniform_noise"),
        single=(0.927, 0.809, 0.387, 0.949),
        mean=(0.898, 0.974, 0.368, 0.952),
        variance=(0.9985, 0.9998, 0.591, 1.0),
    ),
    "wgan_cifar10": _critics(
        ("svhn", "celeba"),
        single=(0.689, 0.565),
        mean=(0.634, 0.426),
        variance=(0.614, 0.743),
    ),
}
# Training set whose published figures stand beside an experiment's.
COMPARED = {name: name for name in ("mnist", "fashion_mnist", "cifar10")}
COMPARED["denoiser_cifar10"] = "cifar10"
PROTOCOL = (
    "Others measured other models, test images and numbers of them: a method's row says what a"
    " paper has, not what it would have here. In bold the highest of ours, which one could not have"
    " known before."
)

_HALF = "half of the normal rows train, 50,000 rows, 5 seeds"
# Method, where and how, AUROC, average precision.
CREDIT_CARD = (
    ("VAE (pyod)", _HALF, 0.955, 0.287),
    ("ECOD", _HALF, 0.949, 0.332),
    ("COPOD", _HALF, 0.943, 0.384),
    ("isolation forest", _HALF, 0.947, 0.182),
    ("LOF", _HALF, 0.944, 0.551),
    ("planar flow", _HALF, 0.907, 0.628),
    ("DDPM", _HALF, 0.937, 0.692),
    ("DTE-NP", _HALF, 0.956, 0.421),
    ("FastMCD", "trained and tested on all rows", 0.957, 0.712),
    ("2018, variance of posterior means", "492 genuine and 492 fraudulent rows", 0.927, 0.940),
    ("2018, supervised", "200 rows, frauds scaled by themselves", 0.94, 0.94),
)


class Line(NamedTuple):
    """A row of a table of AUROCs: who, how, and {test set: text}."""

    method: str
    source: str
    cells: Mapping[str, str]


def detection_rows(experiment: Finished) -> list[DetectionRow]:
    """Rows of a run's table, without the spreads of single members."""
    return [_detection_row(line) for line in _lines(experiment)]


def auroc_lines(name: str, experiment: Finished) -> list[Line]:
    """Every score of a run with its intervals, then what others have published.

    Args:
        name: Key of EXPERIMENTS, of images.
        experiment: It, finished.
    """
    ours: dict[tuple[str, str], dict[str, str]] = {}
    for row in detection_rows(experiment):
        ours.setdefault((row.score, row.statistic), {})[row.dataset] = _auroc(row)
    lines = [Line(" ".join(key), HERE, cells) for key, cells in ours.items()]
    others = [*LOGGED.get(name, ()), *_of_training_set(COMPARED.get(name, ""))]
    for method, source, aurocs, note in others:
        cells = {key: f"{auroc:g}" for key, auroc in aurocs.items()}
        lines.append(Line(method, f"{source}; {note}" if note else source, cells))
    return lines


def split_rows(experiment: Finished) -> list[dict[str, str]]:
    """Rows about frauds in a table of splits."""
    return [row for row in _lines(experiment) if row["dataset"] == "fraud"]


def fraud_share(experiment: Finished) -> float:
    """Share of the tested rows that are frauds."""
    row = split_rows(experiment)[0]
    n_in, n_out = float(row["n_in"]), float(row["n_out"])
    return n_out / (n_in + n_out)


def credit_card_lines(experiments: Mapping[str, Finished]) -> list[Sequence[str]]:
    """Method, protocol, AUROC and average precision of ours, then of others."""
    lines: list[Sequence[str]] = []
    for name in ("credit", "credit_flow"):
        for row in split_rows(experiments[name]) if name in experiments else ():
            means = (f"{float(row[key]):.3f} ({float(row[f'{key}_sd']):.3f})" for key in METRICS)
            method = f"{name}: {row['score']} {row['statistic']}"
            lines.append((method, f"here, {row['n_splits']} splits: mean (sd)", *means))
    return lines + [
        (method, how, f"{auroc:.3f}", f"{ap:.3f}") for method, how, auroc, ap in CREDIT_CARD
    ]


METRICS = ("auroc", "ap")
NAMES = ("train_dataset", "dataset", "score", "statistic")  # columns that are no numbers


def _lines(experiment: Finished) -> list[dict[str, str]]:
    with open(experiment.table, newline="") as file:
        return list(csv.DictReader(file))


def _detection_row(line: Mapping[str, str]) -> DetectionRow:
    values: dict[str, Any] = dict(line, spread=None)
    for name, text in line.items():
        if name.startswith("n_"):
            values[name] = int(text)
        elif name not in NAMES:
            values[name] = float(text) if text else None
    return DetectionRow(**values)


def _auroc(row: DetectionRow) -> str:
    if row.auroc_low is None or row.auroc_high is None:
        return f"{row.auroc:.3f}"
    return f"{row.auroc:.3f} [{row.auroc_low:.3f}, {row.auroc_high:.3f}]"


def _of_training_set(name: str) -> Iterable[Published]:
    for method, source, aurocs, note in PUBLISHED:
        cells = {test: auroc for (train, test), auroc in aurocs.items() if train == name}
        if cells:
            yield Published(method, source, cells, note)
