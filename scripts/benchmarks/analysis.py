"""Time and memory of the analysis: 10 OoD sets, 20 scores, 1,000 draws on 1,000 + 1,000 examples.

The 9 scores of members have 6 statistics each, the fitted ones 1. Of 8 members that makes 137
lines of scores per set, more than 12 scores with 6 statistics of 5 members.
"""

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

from scripts.benchmarks.child_process import cost_of
from scripts.benchmarks.figure import Figure, interleaved_medians
from scripts.benchmarks.synthetic_run import write_synthetic_run

MEMBERS, SETS, EXAMPLES = 8, 10, 1000


def add_flags(parser: argparse.ArgumentParser) -> None:
    """This part has none."""


def figures(options: argparse.Namespace) -> Iterator[Figure]:
    """Seconds and memory of `python -m tools.analysis`, its plots and report included."""
    costs = []

    def measure() -> float:
        costs.append(cost_of(["-m", "tools.analysis", folder]))
        return costs[-1].seconds

    with tempfile.TemporaryDirectory() as folder:
        write_synthetic_run(
            Path(folder), members=MEMBERS, sets=SETS, examples=EXAMPLES, seed=options.seed
        )
        medians = interleaved_medians({"analysis": measure}, options.repeats)
    yield Figure("analysis.time", medians["analysis"], f"s for {SETS} sets of {EXAMPLES}")
    yield Figure("analysis.memory", max(cost.peak_mib for cost in costs), "MiB at most")
