"""What is particular to a run of `anomaly_run.py`: tables, their splits, and peers."""

import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from tools.analysis.split_report import split_report_html
from tools.analysis.split_table import metrics_of_splits, printed_split_table, split_table
from tools.data.example_set import ExampleSet
from tools.errors import InputError
from tools.files.whole_files import write_text
from tools.run.resuming import settle_settings
from tools.run.run_folder import RunFolder
from tools.run.seeds import child_seed
from tools.scores.score_files import is_current, read_scores, write_scores
from vae_wgan.data.table_data import TableData, load_table_data
from vae_wgan.run.experiment import run_experiment
from vae_wgan.settings.table_settings import BASELINES, TableSettings

POSTERIOR_MEANS = "posterior_mean_variance"
# Flags that other models have no use for.
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


def run(settings: TableSettings, given: set[str]) -> None:
    """Trains an ensemble and tests it, on one split or several; or scores the rows of a file.

    Args:
        settings: Of the run.
        given: Names of the flags given by hand.

    Raises:
        InputError: One of these would be ignored, or what a flag names is unfit.
    """
    if settings.model != "vae" and (unused := sorted(OF_VAES & given)):
        raise InputError(f"--{unused[0]} is for --model=vae, not {settings.model}; leave it out")
    if settings.score_file:
        from vae_wgan.run.score_file import score_table  # here: scikit-learn comes with it

        score_table(settings, given)
    elif settings.num_splits == 1:
        _run_split(settings, given)
    else:
        _run_splits(settings, given)


def _run_splits(settings: TableSettings, given: set[str]) -> None:
    folder = Path(settings.model_dir)
    splits = [folder / f"split-{index}" for index in range(settings.num_splits)]
    for index, split in enumerate(splits):
        seed = child_seed(settings.seed, "split", index) if index else settings.seed
        log_dir = settings.log_dir and str(Path(settings.log_dir) / split.name)
        changes = {"model_dir": str(split), "log_dir": log_dir, "seed": seed, "num_splits": 1}
        _run_split(dataclasses.replace(settings, **changes), given)
    # With --skip_train the splits go by the flags that they were trained with.
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


def _run_split(settings: TableSettings, given: set[str]) -> None:
    run_experiment(
        settings,
        given,
        load_data=_load,
        make_member=_make_member,
        describe=_describe,
        score_more=_score_more,
    )


def _load(settings: TableSettings) -> TableData:
    data = load_table_data(settings)
    sys.stdout.write(f"{data.preview}\n")
    sys.stdout.flush()
    return data


def _make_member(settings: TableSettings, data: TableData):
    from vae_wgan.table.table_member import TableMember  # here: it loads TensorFlow

    return TableMember(settings, data.training.examples.shape[1], data.monitored)


def _describe(settings: TableSettings, data: TableData) -> dict[str, Any]:
    return {
        "likelihood": settings.likelihood if settings.model == "vae" else "flow on the features",
        "protocol": data.protocol,
        "anomalies": data.anomalies,
        "encoder": data.encoder.to_json(),
    }


def _score_more(folder: RunFolder, settings: TableSettings, data: TableData, runner: Any) -> None:
    test_sets = [data.test, *data.ood]
    own = {POSTERIOR_MEANS, *BASELINES}
    of_others = [name for name in folder.manifest().peers or () if name not in own]
    # Not those of an earlier start: they may be of other rows.
    peers = [*settings.baselines, *([POSTERIOR_MEANS] if settings.model == "vae" else [])]
    folder.update_manifest(peers=[*peers, *of_others])
    if settings.model == "vae":
        _score_posterior_means(folder, settings, test_sets, runner)
    if settings.baselines:
        from vae_wgan.table.table_baselines import (
            score_baselines,  # here: scikit-learn takes a second
        )

        score_baselines(settings.baselines, data.training, test_sets, folder, settings.seed)


def _score_posterior_means(
    folder: RunFolder, settings: TableSettings, test_sets: Sequence[ExampleSet], runner: Any
) -> None:
    """The headline of 2018, the variance over members of the posterior means, and its control.

    The control is the same of an ensemble with initial weights: what it does as well is no merit of
    training.
    """
    from vae_wgan.ensemble.members import untrained_members  # here: with it comes TensorFlow

    trained = {part.name: read_scores(folder.scores(part.name)) for part in test_sets}
    provenance = {
        name: file.provenance | {"n_members": file.n_members} for name, file in trained.items()
    }
    paths = {name: folder.peer_scores(POSTERIOR_MEANS, name) for name in trained}
    if all(is_current(paths[name], provenance[name]) for name in trained):
        return
    members = untrained_members(runner.model, num_models=settings.num_models, seed=settings.seed)
    untrained = [
        [untrained_member.posterior_means(part.examples) for part in test_sets]
        for untrained_member in members
    ]  # [member, set, example]
    for part, *control in zip(test_sets, *untrained, strict=True):
        scores = {
            POSTERIOR_MEANS: _variances(trained[part.name].scores["posterior_mean"]),
            f"untrained_{POSTERIOR_MEANS}": _variances(control),
        }
        write_scores(paths[part.name], scores, part.ids, provenance[part.name])


def _variances(posterior_means: ArrayLike) -> np.ndarray:
    """Over members, [member, example] to [1, example]."""
    return np.var(posterior_means, axis=0, keepdims=True)
