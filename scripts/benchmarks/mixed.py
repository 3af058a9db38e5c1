"""Our detector of table rows against simple ones, on tables of numbers and words.

bank.csv.gz: clients of a bank, those that took an offer are the anomalies (Moro et al. 2014).
kdd_train.txt.gz, kdd_test.txt.gz: connections, NSL-KDD, with the attacks of its test file.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

from scripts.benchmarks.adbench import add_comparison_flags, tell, told
from scripts.benchmarks.figure import Figure
from scripts.benchmarks.table_comparison import Result, compare
from scripts.benchmarks.table_tasks import nsl_kdd_task, run_task


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of this part, and --data_dir after its name."""
    add_comparison_flags(parser, "folder of bank.csv.gz, kdd_train.txt.gz and kdd_test.txt.gz")


def figures(options: argparse.Namespace) -> Iterator[Figure]:
    """Mean AUROC, average precision, rescaled AUROC, rank and seconds, and our leads."""
    folder, results = Path(options.data_dir), list[Result]()
    for seed in range(options.seed, options.seed + options.seeds):
        bank = run_task(
            folder / "bank.csv.gz", options.rows, seed, label_column="y", normal_label="no"
        )
        for name, task in {
            "bank": bank,
            "nsl_kdd": nsl_kdd_task(folder, options.rows, seed),
        }.items():
            results += compare(name, seed, task, options.members)
            tell(results)
    yield from told("mixed", results, options.output)
