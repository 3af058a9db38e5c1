"""Means and spreads over the runs of several splits, from their metrics.csv and alerts.csv."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from tools.report.text_lines import aligned, fixed

KEYS = ["dataset", "score", "statistic"]
SIZES = ["n_in", "n_out"]


def metrics_of_splits(folders: Sequence[Path]) -> pd.DataFrame:
    """A row per split, OoD set, score and statistic, the split's folder name in column `split`.

    Metrics without their intervals, with recall and precision at alerts where a run has them.

    Args:
        folders: Run folders with an analysis each.
    """
    parts = (_read(folder / "analysis").assign(split=folder.name) for folder in folders)
    return pd.concat(parts, ignore_index=True)


def split_table(metrics: pd.DataFrame) -> pd.DataFrame:
    """A row per OoD set, score and statistic: `X` is the mean of X over splits, `X_sd` its spread.

    The spread is the standard deviation with ddof = 1. Sizes are means too.

    Args:
        metrics: Result of `metrics_of_splits`.
    """
    groups = metrics.groupby(KEYS, sort=False)
    names = [name for name in metrics if name not in (*KEYS, *SIZES, "split")]
    table = groups[SIZES].mean()
    table.insert(0, "n_splits", groups.size())
    for name in names:
        table[name], table[f"{name}_sd"] = groups[name].mean(), groups[name].std(ddof=1)
    return table.reset_index()


def metric_names(table: pd.DataFrame | pd.Series) -> list[str]:
    """The columns that have a spread, of a split table or of a row of it."""
    columns = table.columns if isinstance(table, pd.DataFrame) else table.index
    return [name for name in columns if f"{name}_sd" in columns]


def mean_and_spread(row: pd.Series, name: str) -> str:
    """A metric as mean (spread); empty where no split has it, without spread if only one has."""
    if pd.isna(row[name]):
        return ""
    spread = row[f"{name}_sd"]
    return fixed(row[name]) + ("" if pd.isna(spread) else f" ({fixed(spread)})")


def printed_split_table(table: pd.DataFrame) -> str:
    """The table as aligned text, a metric as mean and spread; ends with a newline."""
    names = metric_names(table)
    lines = [(*KEYS, "n_splits", *(f"{name} (sd)" for name in names))]
    for _, row in table.iterrows():
        cells = (mean_and_spread(row, name) for name in names)
        lines.append((*(row[key] for key in KEYS), str(row["n_splits"]), *cells))
    return aligned(lines, left_columns=len(KEYS))


def _read(folder: Path) -> pd.DataFrame:
    metrics = pd.read_csv(folder / "metrics.csv").drop(columns=["train_dataset", "n_members"])
    if (folder / "alerts.csv").exists():
        alerts = pd.read_csv(folder / "alerts.csv").drop(columns=[*SIZES, "ap"])
        metrics = metrics.merge(alerts, on=KEYS, how="left")
    return metrics[[name for name in metrics if not name.endswith(("_low", "_high"))]]
