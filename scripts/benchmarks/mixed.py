"""Our detector of table rows against simple ones, on tables of numbers and words.

bank.csv.gz: clients of a bank, those that took an offer are the anomalies (Moro et al. 2014).
kdd_train.txt.gz, kdd_test.txt.gz: connections, NSL-KDD, with the attacks of its test file.
Tables of ADBench (Han et al. 2022, https://arxiv.org/abs/2206.09426), in which every second column
of many values is cut at its quartiles and the parts are named by words.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

from scripts.benchmarks.adbench import add_comparison_flags, tell
from scripts.benchmarks.figure import Figure
from scripts.benchmarks.table_comparison import (
    Result,
    against_best,
    compare,
    comparison_figures,
    markdown_of_best,
)
from scripts.benchmarks.table_tasks import (
    TableTask,
    binned_task,
    nsl_kdd_task,
    run_task,
    table_files,
)
from tools.files.whole_files import write_text

FURTHER = ("gaussian_mixture",)  # often the best of scikit-learn's where there are words


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of this part, and --data_dir after its name."""
    add_comparison_flags(parser, "folder of bank.csv.gz, kdd_train.txt.gz and kdd_test.txt.gz")
    parser.add_argument(
        "--adbench_dir", default="", help="folder of tables as 45_wine.npz; default: none"
    )


def figures(options: argparse.Namespace) -> Iterator[Figure]:
    """Mean AUROC, average precision, rescaled AUROC, rank and seconds, and our leads."""
    results = list[Result]()
    for seed in range(options.seed, options.seed + options.seeds):
        for name, task in _tasks(options, seed):
            results += compare(name, seed, task, options.members, FURTHER)
            tell(results, options.output)
            if options.output:
                write_text(Path(f"{options.output}_best.md"), markdown_of_best(results))
    yield from comparison_figures("mixed", results)
    rows = against_best(results)
    for row in rows:
        words = f"AUROC less that of {row.best}; their intervals {_words(row.ours_interval)}"
        lead = row.ours - row.auroc
        yield Figure(f"mixed.{row.table}.lead", lead, f"{words}, {_words(row.interval)}")
    lead = sum(row.ours - row.auroc for row in rows) / len(rows)
    yield Figure("mixed.best.lead", lead, "AUROC less that of each table's best detector, mean")


def _tasks(options: argparse.Namespace, seed: int) -> Iterator[tuple[str, TableTask]]:
    folder, rows = Path(options.data_dir), options.rows
    bank = folder / "bank.csv.gz"
    yield "bank", run_task(bank, rows, seed, label_column="y", normal_label="no")
    yield "nsl_kdd", nsl_kdd_task(folder, rows, seed)
    for path in table_files(Path(options.adbench_dir)) if options.adbench_dir else ():
        if task := binned_task(path, rows, seed):
            yield path.stem, task


def _words(ends: tuple[float, float]) -> str:
    return "[{:.4f}, {:.4f}]".format(*ends)
