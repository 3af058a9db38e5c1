"""Whole runs of anomaly_run.py on tables: what their headline, members and peers reached."""

import csv
import tempfile
from collections.abc import Iterator
from pathlib import Path

from scripts.benchmarks.child_process import cost_of
from scripts.benchmarks.table_comparison import COMPARED, Result

ENTRY_SCRIPT = Path(__file__).resolve().parents[2] / "vae_wgan" / "anomaly_run.py"
# (score, statistic) in metrics.csv, the headline first.
SCORES = (("combined", "ensemble"), ("iwae", "mean"), *((name, "ensemble") for name in COMPARED))


def run_results(path: Path, most_rows: int, seed: int, members: int) -> Iterator[Result]:
    """Trains VAEs on a table with columns x0, x1, ... and the label y, 0 for normal rows.

    Args:
        path: File of the table.
        most_rows: Rows that are tested, at most, of each class.
        seed: Root seed of the run.
        members: Number of VAEs.

    Yields:
        Results of SCORES; the seconds are those of the whole command.
    """
    with tempfile.TemporaryDirectory() as folder:
        flags = {
            "train_dataset": path,
            "label_column": "y",
            "num_models": members,
            "eval_size": most_rows,
            "seed": seed,
            "baselines": ",".join(COMPARED),
            "bootstrap": 0,
            "model_dir": folder,
        }
        cost = cost_of([str(ENTRY_SCRIPT), *(f"--{name}={flags[name]}" for name in flags)])
        text = (Path(folder) / "analysis" / "metrics.csv").read_text("utf-8")
    rows = {
        (row["score"], row["statistic"]): row
        for row in csv.DictReader(text.splitlines())
        if row["dataset"] == "anomalies"
    }
    for pair in SCORES:
        if row := rows.get(pair):
            found = float(row["auroc"]), float(row["ap"])
            yield Result(path.stem, seed, pair[0], *found, cost.seconds)
