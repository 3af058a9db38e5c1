"""Time and memory of the default run on credit cards, and how fast its members score rows.

The yardstick of scoring is scikit-learn's isolation forest on the same rows. The run is made once,
scoring is repeated.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from absl import flags
from sklearn.ensemble import IsolationForest

from scripts.benchmarks.child_process import cost_of
from scripts.benchmarks.figure import Figure, interleaved_medians
from tools.data.example_set import ExampleSet
from tools.run.options import define_flags, settings_from_flags
from tools.run.run_folder import RunFolder
from vae_wgan.data.table_data import TableData, load_table_data
from vae_wgan.settings.table_settings import TableSettings

ENTRY_SCRIPT = Path(__file__).resolve().parents[2] / "vae_wgan" / "anomaly_run.py"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of this part."""
    parser.add_argument("--model", default="vae", help="model of the members; default: %(default)s")
    parser.add_argument("--preset", default="fast", help="preset of the run; default: %(default)s")


def figures(options: argparse.Namespace) -> Iterator[Figure]:
    """Seconds and memory of a run; rows per second of its members and of isolation forest."""
    with tempfile.TemporaryDirectory() as folder:
        values = {name: getattr(options, name) for name in ("model", "preset", "data_dir", "seed")}
        arguments = [
            f"--{name}={value}" for name, value in (values | {"model_dir": folder}).items()
        ]
        cost = cost_of([str(ENTRY_SCRIPT), *arguments])
        yield Figure(f"credit.{options.model}.run", cost.seconds, "s for the whole run")
        yield Figure(f"credit.{options.model}.run_memory", cost.peak_mib, "MiB at most")
        yield _scoring_figure(_settings(arguments), options.repeats)


def _settings(arguments: list[str]) -> TableSettings:
    """Settings that the entry script makes of the same arguments."""
    flag_values = flags.FlagValues()
    define_flags(TableSettings, flag_values)
    flag_values([ENTRY_SCRIPT.name, *arguments])
    return settings_from_flags(TableSettings, flag_values)[0]


def _scoring_figure(settings: TableSettings, repeats: int) -> Figure:
    data = load_table_data(settings)
    rows = _all_rows(data)
    forest = IsolationForest(random_state=settings.seed).fit(data.training.examples)
    medians = interleaved_medians(
        {
            "ours": _seconds_of(_member_scoring(settings, data, rows)),
            "forest": _seconds_of(lambda: forest.score_samples(rows.examples)),
        },
        repeats,
    )
    speeds = {name: len(rows) / seconds for name, seconds in medians.items()}
    return Figure(
        f"credit.{settings.model}.scoring",
        speeds["ours"],
        f"rows/s by {settings.num_models} members; {len(rows)} rows in {medians['ours']:.1f} s",
        ratio=speeds["ours"] / speeds["forest"],
        yardstick=f"isolation forest: {speeds['forest']:.0f} rows/s",
    )


def _all_rows(data: TableData) -> ExampleSet:
    """All rows of the table that are in a part of the split."""
    parts = [data.training, data.calibration, data.test]
    parts += [example_set for example_set in data.ood if example_set.name in data.anomalies]
    return replace(
        data.test,
        examples=np.concatenate([part.examples for part in parts]),
        ids=np.concatenate([part.ids for part in parts]),
    )


def _member_scoring(
    settings: TableSettings, data: TableData, rows: ExampleSet
) -> Callable[[], object]:
    """Function that scores the rows with all members; everything is compiled beforehand."""
    from vae_wgan.ensemble.members import score_members, trained_members
    from vae_wgan.table.table_member import SCORE_BATCH, TableMember

    found = trained_members(
        TableMember(settings, rows.examples.shape[1:], data.monitored),
        RunFolder(settings.model_dir),
        num_models=settings.num_models,
        max_steps=settings.total_steps,
    )
    members = [one.member for one in found]
    score_members(members, rows.take(np.arange(SCORE_BATCH)), settings.seed)
    return lambda: score_members(members, rows, settings.seed)


def _seconds_of(call: Callable[[], object]) -> Callable[[], float]:
    def measure() -> float:
        started = time.perf_counter()
        call()
        return time.perf_counter() - started

    return measure
