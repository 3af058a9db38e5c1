"""Means and intervals over the runs of several splits, from their metrics.csv and alerts.csv."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from tools.report.text_lines import aligned, bracketed, fixed
from tools.scores.bootstrap import CONFIDENCE

ENDS = ("_low", "_high")
INTERVAL_NOTE = (
    "Intervals, 95 %: the splits test many of the same rows, all anomalies among them, so that a"
    " mean over splits is no surer of these rows than one split. The mean squared half-width of the"
    " splits' own intervals is therefore added undivided to that of the mean over the splits."
)
KEYS = ["dataset", "score", "statistic"]
SIZES = ["n_in", "n_out"]


def metrics_of_splits(folders: Sequence[Path]) -> pd.DataFrame:
    """A row per split, OoD set, score and statistic, the split's folder name in column `split`.

    Metrics with their intervals, and recall and precision at alerts where a run has them.

    Args:
        folders: Run folders with an analysis each.
    """
    parts = (_read(folder / "analysis").assign(split=folder.name) for folder in folders)
    return pd.concat(parts, ignore_index=True)


def split_table(metrics: pd.DataFrame) -> pd.DataFrame:
    """A row per OoD set, score and statistic: `X` is the mean of X over splits, `X_sd` its spread.

    The spread is the standard deviation with ddof = 1. Sizes are means too. `X_low` and `X_high`
    are the ends of the mean's interval where the splits have intervals, see `ends_over_splits`.

    Args:
        metrics: Result of `metrics_of_splits`.
    """
    groups = metrics.groupby(KEYS, sort=False)
    others = (*KEYS, *SIZES, "split")
    names = [name for name in metrics if name not in others and not name.endswith(ENDS)]
    table = groups[SIZES].mean()
    table.insert(0, "n_splits", groups.size())
    for name in names:
        table[name], table[f"{name}_sd"] = groups[name].mean(), groups[name].std(ddof=1)
        if f"{name}_low" in metrics:
            ends = groups[[name, f"{name}_low", f"{name}_high"]].apply(
                lambda part: pd.Series(ends_over_splits(*part.to_numpy().T))
            )
            table[[f"{name}_low", f"{name}_high"]] = ends
    return table.reset_index()


def ends_over_splits(values: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[float, float]:
    """Ends of the interval of a mean over splits that share test rows.

    Two errors are added in squares: that of the test rows, which is no smaller in the mean because
    the splits share them, and that of the split and the training, which is estimated by Student's t
    from the spread of the values. It covers too often rather than too rarely, as the spread holds
    some of the first error too.

    Args:
        values: A metric on each split [split].
        low: Lower ends of its intervals [split].
        high: Upper ends [split].
    """
    from scipy.stats import t

    count, mean = len(values), values.mean()
    between = 0.0
    if count > 1:
        quantile = t.ppf((1 + CONFIDENCE) / 2, count - 1)
        between = quantile**2 * values.var(ddof=1) / count
    below, above = np.mean((values - low) ** 2), np.mean((high - values) ** 2)
    return float(mean - np.sqrt(below + between)), float(mean + np.sqrt(above + between))


def interval_over_splits(row: pd.Series, name: str) -> str:
    """The interval of a mean as [low, high], cut at 0 and 1; empty where there is none."""
    low, high = row.get(f"{name}_low"), row.get(f"{name}_high")
    if low is None or high is None or pd.isna(low) or pd.isna(high):
        return ""
    return bracketed(max(low, 0.0), min(high, 1.0))


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
        cells = (
            f"{mean_and_spread(row, name)} {interval_over_splits(row, name)}".strip()
            for name in names
        )
        lines.append((*(row[key] for key in KEYS), str(row["n_splits"]), *cells))
    return aligned(lines, left_columns=len(KEYS))


def _read(folder: Path) -> pd.DataFrame:
    metrics = pd.read_csv(folder / "metrics.csv").drop(columns=["train_dataset", "n_members"])
    if (folder / "alerts.csv").exists():
        alerts = pd.read_csv(folder / "alerts.csv").drop(columns=[*SIZES, "ap"])
        metrics = metrics.merge(alerts, on=KEYS, how="left")
    return metrics


def gains_of_splits(folders: Sequence[Path]) -> pd.DataFrame:
    """What the ensemble adds to each simple detector, over splits; empty: there are none.

    A row per OoD set and simple detector, columns as those of added.csv and of `split_table`.

    Args:
        folders: Run folders with an analysis each.
    """
    paths = [folder / "analysis" / "added.csv" for folder in folders]
    if not all(path.exists() for path in paths):
        return pd.DataFrame()
    added = pd.concat([pd.read_csv(path) for path in paths])
    names = ["auroc", "floor_auroc", "difference", "difference_low", "difference_high"]
    groups = added.groupby(["dataset", "score", "statistic", "floor"], sort=False)[names]
    table = groups.mean()
    ends = groups.apply(lambda part: pd.Series(ends_over_splits(*part[names[2:]].to_numpy().T)))
    table[["difference_low", "difference_high"]] = ends
    is_everywhere = groups.size() == len(folders)
    return table[is_everywhere].reset_index()
