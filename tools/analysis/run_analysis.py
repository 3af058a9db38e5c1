"""From a finished run's files to tables, plots and the report: no model, no TensorFlow.

`python -m tools.analysis MODEL_DIR [--score_keys=a,b] [--bootstrap=N]`
"""

import argparse
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.errors import InputError
from tools.files.whole_files import write_bytes, write_json, write_text
from tools.report.alert_table import alerts_csv
from tools.report.altered_plots import altered_plots
from tools.report.gallery import draw_plots
from tools.report.history_plots import history_plots
from tools.report.html_report import report_html
from tools.report.latent_plot import latent_plots
from tools.report.tables import csv_text, json_value, printed_table
from tools.report.text_lines import rows_csv
from tools.run.command_line import storage_fault
from tools.run.run_folder import RunFolder
from tools.scores.detection import AnalysisOptions, DetectionTable, detection_table
from tools.scores.ensemble_statistics import SCORE_KEYS
from tools.scores.finished_run import read_manifest, read_run
from tools.scores.score_registry import FITTED_SCORES


@dataclass(frozen=True)
class Analysis:
    """What was found, what is to be printed, and where the report lies."""

    table: DetectionTable
    text: str
    report: Path


def ensemble_analysis(
    model_dir: str | Path, score_keys: Sequence[str], options: AnalysisOptions
) -> Analysis:
    """Analyses a finished run and writes MODEL_DIR/analysis; the same scores give the same bytes.

    Args:
        model_dir: The run folder; no checkpoint of it is read.
        score_keys: The scores to be looked at, the most important first.
        options: What is to be found beside them.

    Raises:
        InputError: A file is missing or damaged, a score key unknown, a score NaN.
    """
    keys = tuple(dict.fromkeys(score_keys))
    _check_arguments(keys, options)
    run = read_run(RunFolder(model_dir), keys)
    if options.ddof >= run.n_members:
        raise InputError(f"--ddof={options.ddof} needs more members than {run.n_members}")
    table = detection_table(run, keys, options)
    plots = draw_plots(table) + latent_plots(run) + altered_plots(table.altered_rows)
    plots += history_plots(table.history_rows)

    folder = run.folder.path / "analysis"
    write_text(folder / "metrics.csv", csv_text(table))
    write_json(folder / "metrics.json", json_value(table))
    for name, rows, as_csv in (
        ("alerts", table.alert_rows, alerts_csv),
        ("transfer", table.transfer_rows, rows_csv),
        ("altered", table.altered_rows, rows_csv),
        ("history", table.history_rows, rows_csv),
        ("pools", table.pool_rows, rows_csv),
    ):
        path = folder / f"{name}.csv"
        if rows:
            write_text(path, as_csv(rows))
        else:
            path.unlink(missing_ok=True)  # of an earlier analysis, of other scores perhaps
    for plot in plots:
        write_bytes(folder / f"{plot.name}.png", plot.png)
    write_text(folder / "report.html", report_html(table, plots))
    return Analysis(table, printed_table(table), folder / "report.html")


def options_of(settings: Mapping[str, Any]) -> AnalysisOptions:
    """The options in a run's settings; some are no flags of some entry scripts."""
    return AnalysisOptions(
        draws=settings["bootstrap"],
        seed=settings["seed"],
        elbo_threshold=settings.get("elbo_threshold"),
        alerts=[int(count) for count in settings.get("alerts", ())],
        num_pools=settings.get("num_pools", 1),
        ddof=settings.get("ddof", 0),
    )


def _check_arguments(keys: Sequence[str], options: AnalysisOptions) -> None:
    if not keys:
        raise InputError("--score_keys names no score; iwae is one")
    if unknown := [key for key in keys if key not in SCORE_KEYS | FITTED_SCORES]:
        known = ", ".join(SCORE_KEYS | FITTED_SCORES)
        raise InputError(f"--score_keys: no score is called {unknown[0]!r}; known are {known}")
    if options.draws < 0:
        raise InputError(f"--bootstrap={options.draws}: the number of draws must be at least 0")
    if options.num_pools < 1:
        raise InputError(f"--num_pools={options.num_pools}: there must be 1 ensemble at least")
    if options.ddof < 0:
        raise InputError(f"--ddof={options.ddof}: must be at least 0")
    threshold = options.elbo_threshold
    if threshold is not None and not math.isfinite(threshold):
        raise InputError(f"--elbo_threshold={threshold} is no finite number of nats")


def main(arguments: Sequence[str] | None = None) -> int:
    """Analyses again with the run's own settings; flags change them. Returns the exit status."""
    parser = argparse.ArgumentParser("python -m tools.analysis", description=__doc__)
    parser.add_argument("model_dir", type=Path, help="folder of a finished run")
    parser.add_argument(
        "--score_keys",
        type=lambda text: text.split(","),
        help="scores, with commas between; default: the run's own",
    )
    parser.add_argument("--bootstrap", type=int, help="draws, 0: none; default: the run's own")
    parser.add_argument("--num_pools", type=int, help="disjoint ensembles; default: the run's own")
    parser.add_argument("--ddof", type=int, help="of the variance; default: the run's own")
    flags = vars(parser.parse_args(arguments))
    try:
        analysis = analyse_again(RunFolder(flags.pop("model_dir")), **flags)
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


def analyse_again(folder: RunFolder, **changes: Any) -> Analysis:
    """Analyses with the settings in the manifest, but for those changed.

    Args:
        folder: Of the run.
        **changes: Settings such as score_keys, bootstrap, num_pools and ddof; None: as it is.
    """
    settings = dict(read_manifest(folder).settings)
    for name in ("score_keys", "bootstrap", "seed"):
        if name not in settings:
            raise InputError(f"{folder.manifest_path} lacks the setting {name}; restore it")
    settings |= {name: value for name, value in changes.items() if value is not None}
    with folder.locked():
        return ensemble_analysis(folder.path, settings["score_keys"], options_of(settings))


if __name__ == "__main__":
    sys.exit(main())
