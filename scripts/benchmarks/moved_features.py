"""Explanations of table rows: whether a column that was moved is among the first two named.

A detector learns half of the normal rows of a table of ADBench. In each of the other normal rows
one column, drawn anew, is moved up or down by four standard deviations. The figure is the share of
rows in which this column is among the two that add most to the score.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from scripts.benchmarks.figure import Figure
from scripts.benchmarks.table_tasks import table_files
from tools.data.tables.table_datasets import load_table
from tools.errors import checked_word
from tools.run.seeds import child_seed

if TYPE_CHECKING:
    from anomaly import EnsembleDetector

DEVIATIONS, FIRST = 4.0, 2
BAR = 0.95
TABLES = ("22_magic.gamma", "28_pendigits", "31_satimage-2", "45_wine", "7_Cardiotocography")


class Split(NamedTuple):
    """Normal rows to learn from, and normal rows and anomalies to explain."""

    training: pd.DataFrame
    normal: pd.DataFrame
    anomalies: pd.DataFrame


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Tables, rows and members."""
    parser.add_argument("--data_dir", default=argparse.SUPPRESS, help="folder of the tables")
    parser.add_argument("--tables", default=",".join(TABLES), help="with commas between")
    parser.add_argument("--rows", type=int, default=300, help="rows of each table, at most")
    parser.add_argument("--members", type=int, default=2, help="of each ensemble; %(default)s")


def figures(options: argparse.Namespace) -> Iterator[Figure]:
    """The share of each table."""
    for name, split in splits(options):
        detector = fitted(split, options)
        rng = np.random.default_rng(child_seed(options.seed, "moved features", name))
        rows, columns = moved(split.normal, split.training.std(), rng)
        share = found_share(detector.explain(rows), columns)
        yield Figure(f"moved_features.{name}", share, "share of rows", share / BAR, f"bar {BAR}")


def splits(options: argparse.Namespace) -> Iterator[tuple[str, Split]]:
    """Each table's name, and a split of it."""
    paths = {path.stem: path for path in table_files(Path(options.data_dir))}
    for name in options.tables.split(","):
        frame = load_table(str(paths[checked_word("--tables", name, paths)]), "").frame
        is_normal = frame.pop("y").astype(float) == 0
        rng = np.random.default_rng(child_seed(options.seed, "split", name))
        parts = (frame[part] for part in (is_normal, ~is_normal))
        normal, odd = (part.sample(frac=1, random_state=rng) for part in parts)
        half, most = len(normal) // 2, options.rows
        yield name, Split(normal[:half], normal[half : half + most], odd[:most])


def fitted(split: Split, options: argparse.Namespace) -> "EnsembleDetector":
    """A detector of the split's training rows."""
    from anomaly import EnsembleDetector

    return EnsembleDetector.fit_table(split.training, num_models=options.members, seed=options.seed)


def moved(
    rows: pd.DataFrame, deviations: pd.Series, rng: np.random.Generator
) -> tuple[pd.DataFrame, np.ndarray]:
    """Rows with one column each moved, and the columns' names [row].

    Args:
        rows: Rows of numbers.
        deviations: Standard deviation of each column; those of 0 are not moved.
        rng: Draws columns and directions.
    """
    columns = rng.choice(deviations.index[deviations > 0], len(rows))
    signs = rng.choice([-1.0, 1.0], len(rows))
    moves = signs * DEVIATIONS * deviations[columns].to_numpy()
    is_moved = np.equal(rows.columns.to_numpy(), columns[:, np.newaxis])
    return rows.astype(float) + is_moved * moves[:, np.newaxis], columns


def found_share(contributions: pd.DataFrame, columns: Sequence[str] | np.ndarray) -> float:
    """Share of rows whose column is among the first two of the contributions [row, column]."""
    order = np.argsort(-contributions.to_numpy(), axis=1, kind="stable")[:, :FIRST]
    first = contributions.columns.to_numpy()[order]
    return float((first == np.asarray(columns)[:, np.newaxis]).any(axis=1).mean())
