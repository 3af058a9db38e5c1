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

from tools.analysis.section import Section
from tools.analysis.sections import (
    added,
    alerts,
    all_metrics,
    all_scores,
    altered,
    defect_pixels,
    flagged,
    flags,
    history,
    latents,
    left_out,
    matched_spectra,
    member_statistics,
    missing_sets,
    pictures,
    pools,
    protocol,
    provenance,
    scored_examples,
    strange_places,
    training,
    transfer,
    unlabelled,
    verdict,
)
from tools.errors import InputError
from tools.files.whole_files import write_bytes, write_json, write_text
from tools.report.page import page_html
from tools.run.command_line import storage_fault
from tools.run.run_folder import RunFolder
from tools.scores.bootstrap import CONFIDENCE
from tools.scores.detection import AnalysisOptions, DetectionTable, detection_table
from tools.scores.ensemble_statistics import SCORE_KEYS
from tools.scores.finished_run import read_manifest, read_run
from tools.scores.score_registry import FITTED_SCORES

# From top to bottom of the report and of what is printed.
SECTIONS = (
    verdict.section,
    added.section,
    left_out.section,
    protocol.section,
    alerts.section,
    pools.section,
    all_scores.section,
    member_statistics.section,
    transfer.section,
    matched_spectra.section,
    altered.section,
    history.section,
    all_metrics.section,
    flagged.section,
    scored_examples.section,
    training.section,
    latents.section,
    strange_places.section,
    defect_pixels.section,
    pictures.section,
    missing_sets.section,
    flags.section,
    provenance.section,
)
# Of a run without labels and without other out-of-distribution sets.
SECTIONS_WITHOUT_OOD = (
    unlabelled.section,
    protocol.section,
    scored_examples.section,
    training.section,
    pictures.section,
    flags.section,
    provenance.section,
)


@dataclass(frozen=True)
class Analysis:
    """What was found, what is to be printed, and where the report lies."""

    table: DetectionTable
    sections: Sequence[Section]
    text: str
    report: Path


def ensemble_analysis(
    model_dir: str | Path, score_keys: Sequence[str], options: AnalysisOptions
) -> Analysis:
    """Analyses a finished run and writes MODEL_DIR/analysis; the same scores give the same bytes.

    Args:
        model_dir: The run folder; no checkpoint of it is read.
        score_keys: The scores to be looked at, the most important first.
        options: Bootstrap, thresholds, alerts and pools.

    Raises:
        InputError: A file is missing or damaged, a score key unknown, or no score usable.
    """
    keys = tuple(dict.fromkeys(score_keys))
    _check_arguments(keys, options)
    run = read_run(RunFolder(model_dir), keys)
    if options.ddof >= run.n_members:
        raise InputError(f"--ddof={options.ddof} needs more members than {run.n_members}")
    table = detection_table(run, keys, options)
    parts = SECTIONS if run.out_of_distribution else SECTIONS_WITHOUT_OOD
    sections = [part(table) for part in parts]
    folder = run.folder.path / "analysis"
    _write(folder, table, sections)
    text = "\n".join(section.text for section in sections if section.text)
    return Analysis(table, sections, text, folder / "report.html")


def _write(folder: Path, table: DetectionTable, sections: Sequence[Section]) -> None:
    """Writes the files of all sections, and the two that hold something of each."""
    for name, content in (pair for section in sections for pair in section.files.items()):
        if content:
            write_text(folder / name, content)
        else:
            (folder / name).unlink(missing_ok=True)
    write_json(folder / "metrics.json", metrics_json(table, sections))
    for plot in (plot for section in sections for plot in section.plots):
        write_bytes(folder / f"{plot.name}.png", plot.png)
    write_text(folder / "report.html", report_html(table, sections))


def metrics_json(table: DetectionTable, sections: Sequence[Section]) -> dict[str, Any]:
    """The content of metrics.json: the rows unrounded, and what metrics.csv has no column for."""
    options = table.options
    entries: dict[str, Any] = {
        "train_dataset": table.run.in_distribution,
        "likelihood": table.run.manifest.likelihood,
        "n_members": table.run.n_members,
        "ddof": options.ddof,
        "bootstrap": {"draws": options.draws, "confidence": CONFIDENCE, "seed": options.seed},
        "rows": [],  # first, whichever section gives them
    }
    for section in sections:
        entries |= section.entries
    return entries


def report_html(table: DetectionTable, sections: Sequence[Section]) -> str:
    """The page of the sections that have something to show."""
    run, n_in = table.run, len(table.run.scores[table.run.in_distribution].ids)
    is_of_anomalies = run.anomalies or not run.out_of_distribution
    subject = "Anomaly" if is_of_anomalies else "Out-of-distribution"
    missing = f" ({len(run.missing)} more could not be had)" if run.missing else ""
    against = f" against {len(run.out_of_distribution)} OoD sets{missing}"
    facts = (
        f"Members: {run.n_members}. Likelihood: {run.manifest.likelihood}. {n_in:,} test"
        f" examples of {run.in_distribution}{against if run.out_of_distribution else ''}."
    )
    shown = {section.title: section.blocks for section in sections if section.blocks}
    return page_html(f"{subject} detection: {run.in_distribution}", facts, shown)


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
        folder: Folder of the run.
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
