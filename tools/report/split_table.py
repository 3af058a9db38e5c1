"""Means and spreads over the runs of several splits, from their metrics.csv and alerts.csv."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from tools.report.lines import aligned, fixed

KEYS = ["dataset", "score", "statistic"]
SIZES = ["n_in", "n_out"]


def split_table(folders: Sequence[Path]) -> pd.DataFrame:
    """A row per OoD set, score and statistic: `X` is the mean of X over splits, `X_sd` its spread.

    The spread is the standard deviation with ddof = 1. Sizes are means too.

    Args:
        folders: Run folders with an analysis each.
    """
    tables = pd.concat([_read(folder / "analysis") for folder in folders])
    groups = tables.groupby(KEYS, sort=False)
    metrics = [name for name in tables if name not in (*KEYS, *SIZES)]
    table = groups[SIZES].mean()
    table.insert(0, "n_splits", groups.size())
    for name in metrics:
        table[name], table[f"{name}_sd"] = groups[name].mean(), groups[name].std(ddof=1)
    return table.reset_index()


def printed_split_table(table: pd.DataFrame) -> str:
    """The table as aligned text, a metric as mean and spread; ends with a newline."""
    metrics = [name for name in table if f"{name}_sd" in table]
    lines = [(*KEYS, "n_splits", *(f"{name} (sd)" for name in metrics))]
    for _, row in table.iterrows():
        cells = (
            "" if pd.isna(row[name]) else f"{fixed(row[name])} ({fixed(row[f'{name}_sd'])})"
            for name in metrics
        )
        lines.append((*(row[key] for key in KEYS), str(row["n_splits"]), *cells))
    return aligned(lines, left_columns=len(KEYS))


def _read(folder: Path) -> pd.DataFrame:
    """Metrics of one run without their intervals, with recall and precision where it has them."""
    metrics = pd.read_csv(folder / "metrics.csv").drop(columns=["train_dataset", "n_members"])
    if (folder / "alerts.csv").exists():
        alerts = pd.read_csv(folder / "alerts.csv").drop(columns=[*SIZES, "ap"])
        metrics = metrics.merge(alerts, on=KEYS, how="left")
    return metrics[[name for name in metrics if not name.endswith(("_low", "_high"))]]
