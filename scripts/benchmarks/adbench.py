"""Our detector of table rows against simple ones, on all tables of ADBench in a folder.

Half of the normal rows train, the others and all anomalies are tested (Han et al. 2022,
https://arxiv.org/abs/2206.09426, in the form for normal training rows).
"""

import argparse
import logging
from collections.abc import Iterator
from pathlib import Path

from scripts.benchmarks.figure import Figure
from scripts.benchmarks.table_comparison import (
    Result,
    compare,
    comparison_figures,
    markdown_of_summaries,
    markdown_table,
    results_csv,
)
from scripts.benchmarks.table_tasks import run_task, table_files
from tools.files.whole_files import write_text

_LOG = logging.getLogger(__name__)


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of this part, and --data_dir after its name."""
    add_comparison_flags(parser, "folder of the tables, as 45_wine.npz")


def add_comparison_flags(parser: argparse.ArgumentParser, folder: str) -> None:
    """Adds the flags that every comparison on tables has."""
    # Given before the part's name it stays.
    parser.add_argument("--data_dir", default=argparse.SUPPRESS, help=folder)
    parser.add_argument("--seeds", type=int, default=3, help="splits; default: %(default)s")
    parser.add_argument(
        "--rows",
        type=int,
        default=4000,
        help="rows that are tested, at most, of each class; default: %(default)s",
    )
    parser.add_argument(
        "--members",
        type=int,
        default=0,
        help="VAEs that are trained on each split, seconds each, for the score combined; 0: the"
        " simple detectors alone; default: %(default)s",
    )
    parser.add_argument(
        "--output", help="path without ending of a .csv and an .md with the results; default: none"
    )


def figures(options: argparse.Namespace) -> Iterator[Figure]:
    """Mean AUROC, average precision, rescaled AUROC, rank and seconds, and our leads."""
    results = []
    for path in table_files(Path(options.data_dir)):
        for seed in range(options.seed, options.seed + options.seeds):
            task = run_task(path, options.rows, seed, label_column="y", normal_label="0")
            results += compare(path.stem, seed, task, options.members)
            tell(results, options.output)
    yield from comparison_figures("adbench", results)


def tell(results: list[Result], output: str | None) -> None:
    """Logs the results of the latest split; all so far are written where --output says."""
    table, seed = results[-1][:2]
    words = [f"{r.detector} {r.auroc:.3f}" for r in results if r[:2] == (table, seed)]
    _LOG.info("%s, seed %d: %s", table, seed, ", ".join(words))
    if output:
        pages = markdown_of_summaries(results), markdown_table(results)
        write_text(Path(f"{output}.csv"), results_csv(results))
        write_text(Path(f"{output}.md"), "\n".join(pages))
