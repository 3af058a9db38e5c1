"""Runs of `anomaly_run.py`: on one split of a table, on several, or scoring a file's rows."""

import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.analysis.split_report import split_report_html
from tools.analysis.split_table import metrics_of_splits, printed_split_table, split_table
from tools.errors import InputError
from tools.files.whole_files import write_text
from tools.run.resuming import settle_settings
from tools.run.run_folder import RunFolder
from tools.run.seeds import child_seed
from vae_wgan.ensemble.model_kind import AnyKind
from vae_wgan.run.run import Run
from vae_wgan.run.score_file import score_table
from vae_wgan.settings.table_settings import TableSettings

# Flags that only VAEs use.
OF_VAES = {
    "latent_size",
    "likelihood",
    "use_NF",
    "mixture_components",
    "analytic_kl",
    "beta",
    "train_samples",
    "n_samples",
}


def run(kind: AnyKind, settings: TableSettings, given: set[str]) -> None:
    """Trains an ensemble and tests it, on one split or several; or scores the rows of a file.

    Args:
        kind: Kind of the members.
        settings: Settings of the run.
        given: Names of the flags given by hand.

    Raises:
        InputError: The model does not use one of the given flags, or a flag's value is unsuitable.
    """
    if settings.model != "vae" and (unused := sorted(OF_VAES & given)):
        raise InputError(f"--{unused[0]} is for --model=vae, not {settings.model}; leave it out")
    if settings.score_file:
        score_table(settings, given)
    elif settings.num_splits == 1:
        Run(kind, settings, given).execute()
    else:
        _run_splits(kind, settings, given)


def _run_splits(kind: AnyKind, settings: TableSettings, given: set[str]) -> None:
    folder = Path(settings.model_dir)
    splits = [folder / f"split-{index}" for index in range(settings.num_splits)]
    if (folder / "analysis").exists() and not RunFolder(splits[0]).manifest_path.exists():
        raise InputError(
            f"--model_dir={folder} has an analysis of something else, which that of the splits"
            " would replace; use another folder"
        )
    for index, split in enumerate(splits):
        seed = child_seed(settings.seed, "split", index) if index else settings.seed
        log_dir = settings.log_dir and str(Path(settings.log_dir) / split.name)
        changes = {"model_dir": str(split), "log_dir": log_dir, "seed": seed, "num_splits": 1}
        Run(kind, dataclasses.replace(settings, **changes), given).execute()
    # With --skip_train, the settings with which the splits were trained.
    _report_splits(splits, settle_settings(RunFolder(splits[0]), settings, given))


def _report_splits(splits: Sequence[Path], settings: TableSettings) -> None:
    metrics = metrics_of_splits(splits)
    table, analysis = split_table(metrics), Path(settings.model_dir) / "analysis"
    csv = table.to_csv(index=False, float_format="%.6f", lineterminator="\n")
    write_text(analysis / "splits.csv", csv)
    page = split_report_html(splits, metrics, table, dataclasses.asdict(settings))
    write_text(analysis / "report.html", page)
    title = f"Means over {len(splits)} splits, with standard deviations"
    sys.stdout.write(f"{title}\n{printed_split_table(table)}\nReport: {analysis / 'report.html'}\n")
