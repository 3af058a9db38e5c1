"""Measures the speed, memory and quality of the project on this machine against yardsticks.

python scripts/benchmark.py adbench --data_dir=FOLDER
python scripts/benchmark.py analysis
python scripts/benchmark.py corruptions
python scripts/benchmark.py credit
python scripts/benchmark.py deletion --data_dir=FOLDER
python scripts/benchmark.py detectors
python scripts/benchmark.py mixed --data_dir=FOLDER --adbench_dir=FOLDER
python scripts/benchmark.py moved_features --data_dir=FOLDER
python scripts/benchmark.py nodes
python scripts/benchmark.py one_class
python scripts/benchmark.py pasted_patches RUN_FOLDER
python scripts/benchmark.py scale
python scripts/benchmark.py score
python scripts/benchmark.py start
python scripts/benchmark.py tiles
python scripts/benchmark.py time_to_quality
python scripts/benchmark.py train
python scripts/benchmark.py wgan

Writes one line of JSON per figure to standard output: name, value, unit, ratio to the yardstick,
machine, versions and load. A part is a module of scripts/benchmarks with two functions:
`add_flags(parser)`, and `figures(options)` that yields Figures.
"""

import argparse
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

if not __package__:  # started as a file: the checkout's root takes the place of this folder
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from scripts.benchmarks.figure import json_line
from scripts.script_start import run_script, script_parser

PARTS = (
    "adbench",
    "analysis",
    "corruptions",
    "credit",
    "deletion",
    "detectors",
    "mixed",
    "moved_features",
    "nodes",
    "one_class",
    "pasted_patches",
    "scale",
    "score",
    "start",
    "tiles",
    "time_to_quality",
    "train",
    "wgan",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures one part; returns the exit status."""
    parser = script_parser(__doc__)
    parser.add_argument("--repeats", type=int, default=5, help="rounds behind each median")
    parts = parser.add_subparsers(dest="part", required=True, metavar="|".join(PARTS))
    for name in PARTS:
        _module(name).add_flags(parts.add_parser(name))
    return run_script(parser, _measure, arguments)


def _measure(options: argparse.Namespace) -> None:
    for figure in _module(options.part).figures(options):
        sys.stdout.write(f"{json_line(figure)}\n")
        sys.stdout.flush()


def _module(part: str) -> ModuleType:
    return importlib.import_module(f"scripts.benchmarks.{part}")


if __name__ == "__main__":
    sys.exit(main())
