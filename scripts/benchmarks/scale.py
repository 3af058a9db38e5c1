"""Cost of more members: time and memory of the analysis, of training and of scoring.

The analysis is of 10 sets of 10,000 made-up examples. Training and scoring are those of networks so
small that what is around them counts: loading, saving, checkpoints, files.
"""

import argparse
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from scripts.benchmarks.child_process import cost_of, cost_of_run
from scripts.benchmarks.figure import Figure
from scripts.benchmarks.synthetic_run import write_synthetic_run
from tools.run.options import settings_of_preset
from vae_wgan.settings.vae_settings import VAESettings

SETS = 10
SMALL = {
    "preset": "smoke",
    "base_depth": 2,
    "latent_size": 4,
    "n_flows": 2,
    "max_steps": 50,
    "viz_steps": 50,
    "ood_datasets": "hflip",
    "score_keys": "iwae",
}


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of this part."""
    parser.add_argument(
        "--members", nargs="+", type=int, default=(5, 10, 20, 50), help="default: 5 10 20 50"
    )
    parser.add_argument(
        "--examples",
        type=int,
        default=10_000,
        help="examples in a made-up set; default: %(default)s",
    )


def figures(options: argparse.Namespace) -> Iterator[Figure]:
    """Four figures for each number of members, each measured once."""
    for members in options.members:
        yield from _analysis_figures(members, options)
    yield from run_figures({members: _run_seconds(members, options) for members in options.members})


def run_figures(seconds_by_members: Mapping[int, Mapping[str, float]]) -> Iterator[Figure]:
    """Seconds per member of each part of a run, compared with those of the first number."""
    first, fewest = next(iter(seconds_by_members.items()))
    for members, seconds in seconds_by_members.items():
        for part, value in seconds.items():
            yield Figure(
                f"scale.{members}.{part}",
                value,
                "s per member, of small networks",
                ratio=fewest[part] / value,
                yardstick=f"{first} members: {fewest[part]:.2f} s",
            )


def _analysis_figures(members: int, options: argparse.Namespace) -> Iterator[Figure]:
    keys = ",".join(settings_of_preset(VAESettings, "fast").score_keys)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        write_synthetic_run(
            path, members=members, sets=SETS, examples=options.examples, seed=options.seed
        )
        cost = cost_of(["-m", "tools.analysis", folder, f"--score_keys={keys}"])
    unit = f"{SETS} sets of {options.examples}"
    yield Figure(f"scale.{members}.analysis", cost.seconds, f"s for {unit}")
    yield Figure(f"scale.{members}.analysis_memory", cost.peak_mib, f"MiB at most for {unit}")


def _run_seconds(members: int, options: argparse.Namespace) -> dict[str, float]:
    """Seconds per member in training and in scoring."""
    timings, _ = cost_of_run(
        **SMALL, num_models=members, data_dir=options.data_dir, seed=options.seed
    )
    return {part: timings[part] / members for part in ("training", "scoring")}
