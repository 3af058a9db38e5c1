"""Time and memory of the analysis: 10 OoD sets, all scores, 1,000 draws on 1,000 + 1,000 examples.

With 8 members a score has 13 lines per set, 8 of them for the statistic `single`; a fitted score
has 1.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from scripts.benchmarks.child_process import Cost, cost_of
from scripts.benchmarks.figure import Figure, interleaved_medians
from scripts.benchmarks.synthetic_run import write_synthetic_run

MEMBERS, SETS, EXAMPLES = 8, 10, 1000


def add_flags(parser: argparse.ArgumentParser) -> None:
    """This part has none."""


def figures(options: argparse.Namespace) -> Iterator[Figure]:
    """Seconds and memory of `python -m tools.analysis`, its plots and report included."""
    with tempfile.TemporaryDirectory() as folder:
        write_synthetic_run(
            Path(folder), members=MEMBERS, sets=SETS, examples=EXAMPLES, seed=options.seed
        )
        yield from analysis_figures(partial(cost_of, ["-m", "tools.analysis", folder]), options)


def analysis_figures(
    cost_of_analysis: Callable[[], Cost], options: argparse.Namespace
) -> Iterator[Figure]:
    """Median time and highest memory of as many analyses as `options.repeats` says."""
    costs = []

    def measure() -> float:
        costs.append(cost_of_analysis())
        return costs[-1].seconds

    medians = interleaved_medians({"analysis": measure}, options.repeats)
    yield Figure("analysis.time", medians["analysis"], f"s for {SETS} sets of {EXAMPLES}")
    yield Figure("analysis.memory", max(cost.peak_mib for cost in costs), "MiB at most")
