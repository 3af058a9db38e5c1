"""Runs the experiments behind the project's claims, and holds them to what is published.

python scripts/reproduce.py [--preset=fast] [--only=mnist,credit]
python scripts/reproduce.py pairs
python scripts/reproduce.py report --runs=docs/results

Without --only all experiments are run, which takes hours; one that was stopped goes on, a finished
one is used as it is. What the report is made of lies in RUNS: NAME.json and NAME.csv of each, which
may come from several machines; the report is RUNS.md, beside them. pairs: VAEs on MNIST and on
Fashion-MNIST, and one matrix of AUROCs: a row for each score, a column for each pair of training
and test set. report: writes what has been run, and runs nothing.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

if not __package__:  # started as a file: the checkout's root takes the place of this folder
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from scripts.reproduction.experiments import (
    EXPERIMENTS,
    PAIRS,
    Finished,
    finished_experiments,
    run_experiments,
)
from scripts.reproduction.figures import detection_rows
from scripts.reproduction.pairs import pair_of, pairs_csv, printed_pairs
from scripts.reproduction.report import TITLE, report_text
from scripts.script_start import run_script, script_parser
from tools.errors import InputError
from tools.files.whole_files import write_text
from tools.scores.ranking import ranking


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the chosen experiments; returns the exit status."""
    parser = script_parser(__doc__)
    parser.add_argument("part", nargs="?", choices=("all", "pairs", "report"), default="all")
    parser.add_argument(
        "--only", help=f"experiments, with commas between, of {', '.join(EXPERIMENTS)}"
    )
    parser.add_argument("--preset", choices=("fast", "reference", "smoke"), default="fast")
    parser.add_argument(
        "--runs",
        type=Path,
        default=Path("runs/reproduced"),
        help="folder of the runs; default: %(default)s",
    )
    parser.add_argument(
        "--flag",
        action="append",
        default=[],
        help="for each command, such as --flag=--num_models=2; may be repeated",
    )
    return run_script(parser, _reproduce, arguments)


def _reproduce(options: argparse.Namespace) -> None:
    names = PAIRS if options.part == "pairs" else tuple(EXPERIMENTS)
    if options.only:
        names = options.only.split(",")
    if unknown := set(names) - EXPERIMENTS.keys():
        known = ", ".join(EXPERIMENTS)
        raise InputError(f"--only={options.only}: no {', '.join(unknown)}; known are {known}")
    runs = options.runs.absolute()
    flags = [f"--data_dir={options.data_dir}", f"--seed={options.seed}", *options.flag]
    if options.part != "report":
        run_experiments(names, runs, preset=options.preset, flags=flags)
    # The report covers all experiments that have been run, not only these.
    finished = finished_experiments(runs, preset=options.preset, flags=flags)
    report = runs.with_name(f"{runs.name}.md")
    if report.exists() and not report.read_text("utf-8").startswith(TITLE):
        raise InputError(f"--runs={options.runs}: {report} is no report of runs; move it away")
    write_text(report, report_text(finished))
    if pairs := {name: finished[name] for name in PAIRS if name in finished}:
        _tell_pairs(pairs, runs)
    sys.stdout.write(f"Report: {report}\n")


def _tell_pairs(finished: Mapping[str, Finished], runs: Path) -> None:
    rows = [row for experiment in finished.values() for row in detection_rows(experiment)]
    costs = next(iter(finished.values())).record["costs"]
    scores = ranking(rows, costs, column=pair_of)
    write_text(runs / "pairs.csv", pairs_csv(scores))
    sys.stdout.write(f"{printed_pairs(scores)}Table: {runs / 'pairs.csv'}\n")


if __name__ == "__main__":
    sys.exit(main())
