"""From a finished run's files to tables, plots and the report: no model, no TensorFlow.

`python -m tools.analysis MODEL_DIR [--score_keys=a,b] [--bootstrap=N]`
"""

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.errors import InputError
from tools.report.alert_table import alerts_csv
from tools.report.altered_plots import altered_csv, altered_plots
from tools.report.gallery import draw_plots
from tools.report.history_plots import history_csv, history_plots
from tools.report.html_report import report_html
from tools.report.latent_plot import latent_plots
from tools.report.pool_table import pools_csv
from tools.report.tables import csv_text, json_value, printed_table
from tools.report.transfer_table import transfer_csv
from tools.run.command_line import storage_fault
from tools.run.folder import RunFolder
from tools.run.whole_files import write_bytes, write_json, write_text
from tools.scores.detection import AnalysisOptions, DetectionTable, detection_table
from tools.scores.finished_run import read_manifest, read_run


@dataclass(frozen=True)
class Analysis:
    """What was found, what is to be printed, and where the report lies."""

    table: DetectionTable
    text: str
    report: Path


def ensemble_analysis(
    model_dir: str | Path,
    score_keys: Sequence[str],
    bootstrap: int,
    elbo_threshold: float | None,
    seed: int = 0,
    alerts: Sequence[int] = (),
    num_pools: int = 1,
) -> Analysis:
    """Analyses a finished run and writes MODEL_DIR/analysis; the same files give the same bytes.

    Args:
        model_dir: The run folder; no checkpoint of it is read.
        score_keys: The scores to be looked at, the most important first.
        bootstrap: Draws for the intervals of the AUROC; 0: no intervals.
        elbo_threshold: Nats; examples with a higher mean of -elbo are counted; None: no count.
        seed: Root of the bootstrap's draws.
        alerts: Numbers of alerts for the table of labelled anomalies; none: no such table.
        num_pools: Disjoint ensembles of the members, for the spread over them; 1: none.

    Raises:
        InputError: A file is missing or damaged, a score key unknown, a score NaN.
    """
    keys = tuple(dict.fromkeys(score_keys))
    _check_arguments(keys, bootstrap, elbo_threshold, num_pools)
    run = read_run(RunFolder(model_dir), keys)
    options = AnalysisOptions(bootstrap, seed, elbo_threshold, alerts, num_pools)
    table = detection_table(run, keys, options)
    plots = draw_plots(table) + latent_plots(run) + altered_plots(table.altered_rows)
    plots += history_plots(table.history_rows)

    folder = run.folder.path / "analysis"
    write_text(folder / "metrics.csv", csv_text(table))
    write_json(folder / "metrics.json", json_value(table))
    for name, rows, as_csv in (
        ("alerts", table.alert_rows, alerts_csv),
        ("transfer", table.transfer_rows, transfer_csv),
        ("altered", table.altered_rows, altered_csv),
        ("history", table.history_rows, history_csv),
        ("pools", table.pool_rows, pools_csv),
    ):
        if rows:
            write_text(folder / f"{name}.csv", as_csv(rows))
    for plot in plots:
        write_bytes(folder / f"{plot.name}.png", plot.png)
    write_text(folder / "report.html", report_html(table, plots))
    return Analysis(table, printed_table(table), folder / "report.html")


def _check_arguments(
    keys: Sequence[str], bootstrap: int, elbo_threshold: float | None, num_pools: int
) -> None:
    if not keys:
        raise InputError("--score_keys names no score; iwae is one")
    if bootstrap < 0:
        raise InputError(f"--bootstrap={bootstrap}: the number of draws must be at least 0")
    if num_pools < 1:
        raise InputError(f"--num_pools={num_pools}: the number of ensembles must be at least 1")
    if elbo_threshold is not None and not math.isfinite(elbo_threshold):
        raise InputError(f"--elbo_threshold={elbo_threshold} is no finite number of nats")


def main(arguments: Sequence[str] | None = None) -> int:
    """Analyses again with the run's own settings; flags change them. Returns the exit status."""
    parser = argparse.ArgumentParser("python -m tools.analysis", description=__doc__)
    parser.add_argument("model_dir", type=Path, help="folder of a finished run")
    parser.add_argument("--score_keys", help="scores, with commas between; default: the run's own")
    parser.add_argument("--bootstrap", type=int, help="draws, 0: none; default: the run's own")
    parser.add_argument("--num_pools", type=int, help="disjoint ensembles; default: the run's own")
    flags = parser.parse_args(arguments)
    try:
        analysis = analyse_again(
            RunFolder(flags.model_dir), flags.score_keys, flags.bootstrap, flags.num_pools
        )
    except InputError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except OSError as error:
        if not (line := storage_fault(error)):
            raise
        sys.stderr.write(f"{line}\n")
        return 2
    sys.stdout.write(f"{analysis.text}\nReport: {analysis.report}\n")
    return 0


def analyse_again(
    folder: RunFolder,
    score_keys: str | None = None,
    bootstrap: int | None = None,
    num_pools: int | None = None,
) -> Analysis:
    """Analyses with the settings in the manifest; None: that setting stays as it is."""
    settings = read_manifest(folder)["settings"]
    for name in ("score_keys", "bootstrap", "seed"):
        if name not in settings:
            raise InputError(f"{folder.manifest_path} lacks the setting {name}; restore it")
    with folder.locked():
        return ensemble_analysis(
            folder.path,
            settings["score_keys"] if score_keys is None else score_keys.split(","),
            settings["bootstrap"] if bootstrap is None else bootstrap,
            settings.get("elbo_threshold"),  # no flag of the WGAN
            settings["seed"],
            [int(count) for count in settings.get("alerts", ())],  # a flag of tables only
            settings.get("num_pools", 1) if num_pools is None else num_pools,
        )


if __name__ == "__main__":
    sys.exit(main())
