"""Deletion curves of table rows: the score as columns become normal, the strangest ones first.

Anomalies of tables of ADBench are explained by a detector of normal rows. Column by column they
take the values of the median training row: in the order of the explanation, and in a random one.
A curve is the mean of the detector's headline score at each step, as a share of its whole fall; the
figure is the area under it: the smaller, the faster the score falls.
"""

import argparse
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from scripts.benchmarks import moved_features
from scripts.benchmarks.figure import Figure
from tools.run.seeds import child_seed

STEPS = 8  # points of a curve after its start, at most


def add_flags(parser: argparse.ArgumentParser) -> None:
    """As of moved_features."""
    moved_features.add_flags(parser)


def figures(options: argparse.Namespace) -> Iterator[Figure]:
    """Area under the curve of each table, against that of random orders."""
    for name, split in moved_features.splits(options):
        detector = moved_features.fitted(split, options)
        rng = np.random.default_rng(child_seed(options.seed, "deletion", name))
        rows = split.anomalies.astype(float)
        contributions = detector.explain(rows).reindex(columns=rows.columns, fill_value=-np.inf)
        orders = np.argsort(-contributions.to_numpy(), axis=1, kind="stable")
        medians, chance = split.training.median(), rng.permuted(orders, axis=1)
        ours, random = (area(detector.score, rows, medians, each) for each in (orders, chance))
        yield Figure(f"deletion.{name}", ours, "area", random / ours, f"by chance {random:.3f}")


def area(
    score: Callable[[pd.DataFrame], np.ndarray],
    rows: pd.DataFrame,
    normal: pd.Series,
    orders: np.ndarray,
) -> float:
    """Area under the mean deletion curve: 1, the score does not fall; 0, it falls at once.

    Args:
        score: From rows to scores [row], higher = more anomalous.
        rows: Anomalies.
        normal: Value that each column takes.
        orders: Numbers of the columns in the order of deletion, [row, column].
    """
    places, count = np.argsort(orders, axis=1), rows.shape[1]
    ends = np.unique(np.linspace(0, count, min(count, STEPS) + 1).round())
    curve = np.array([score(rows.mask(places < end, normal, axis=1)).mean() for end in ends])
    return float(np.trapezoid((curve - curve[-1]) / (curve[0] - curve[-1]), ends / count))
